import { expect, it } from 'vitest';
import { DetectorTrust } from '../../pool/detector-trust.js';
import { Shard } from '../../pool/shard.js';

const shard = ({ isRunning = false, detector }: { isRunning?: boolean; detector?: Shard['detector'] } = {}) => {
  const made = new Shard('cuda:0', 0);
  made.detections.isRunning = isRunning;
  made.detector = detector;
  return made;
};
const detecting = shard({ isRunning: true, detector: { isOpen: true } });
const reading = shard({ detector: { isOpen: true } });
const failed = shard({ detector: { isOpen: false, reason: 'no memory' } });

it('ends at the second death in a row while a shard detected', () => {
  const trust = new DetectorTrust();
  trust.judgeDeath([reading, detecting], true);
  expect(trust.isGiven).toBe(true);
  trust.judgeDeath([reading], true);
  trust.judgeDeath([detecting], true);
  expect(trust.isGiven).toBe(false);
  trust.restore();
  expect(trust.isGiven).toBe(true);
});

it('does not end by deaths with many pages between them', () => {
  const trust = new DetectorTrust();
  for (let death = 0; death < 5; death++) {
    trust.judgeDeath([detecting], true);
    for (let page = 0; page < 40; page++) trust.confirm();
  }
  expect(trust.isGiven).toBe(true);
});

it('ends where devices never get ready after the detector failed to start, not where they work without it', () => {
  const trust = new DetectorTrust();
  for (let death = 0; death < 3; death++) trust.judgeDeath([failed], true);
  expect(trust.isGiven).toBe(true);
  for (let death = 0; death < 2; death++) trust.judgeDeath([failed], false);
  expect(trust.isGiven).toBe(false);
});
