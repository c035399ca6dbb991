import { existsSync, readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { unknownVariables } from '../../support/deployment-files.js';

const text = readFileSync('config/docker/Dockerfile', 'utf8');
const ignored = readFileSync('config/docker/Dockerfile.dockerignore', 'utf8');

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly lines: readonly string[];
}

/** Stages with their instructions, each in one line. */
const stages = text
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((part): Stage => {
    const [first = '', ...lines] = part.trim().split('\n');
    const [, base = '', name = ''] = /^FROM (\S+) AS (\S+)$/.exec(first) ?? [];
    return { name, base, lines: lines.filter((line) => line !== '') };
  });
const images = stages.filter((stage) => stage.name === 'cpu' || stage.name === 'cuda');

// No Docker engine builds these images here: this is what can be known without one.
describe('the Dockerfile', () => {
  it('is clean by the checks of dockerfile-utils', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  it('has a small CPU and a CUDA image, and pins what both come from', () => {
    expect(images.map((stage) => stage.name)).toEqual(['cpu', 'cuda']);
    const pins = [...text.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map(([, image]) => image);
    expect(pins).toHaveLength(2);
    for (const image of pins) expect(image).toMatch(/:\d+\.\d+\.\d+-/);
    expect(stages.find((stage) => stage.name === 'cpu')?.base).toBe('node');
  });

  it.each(images)(
    'runs $name as a user without rights, with a health check and a volume for compiled graphs',
    ({ lines }) => {
      const user = lines.findLast((line) => line.startsWith('USER '));
      expect(user).toMatch(/^USER (node|quire)$/);
      expect(lines.some((line) => /^HEALTHCHECK .*\/readyz/.test(line))).toBe(true);
      expect(lines).toContain('VOLUME /var/cache/quire');
      expect(lines).toContain('ENTRYPOINT ["node", "dist/router/main.js"]');
      // Nothing is written or installed after the rights are gone.
      expect(lines.slice(lines.indexOf(user ?? '')).some((line) => /^(RUN|COPY)/.test(line))).toBe(false);
    },
  );

  it.each(images)('leaves no compiler and no installer in $name', ({ lines }) => {
    const steps = lines.filter((line) => line.startsWith('RUN')).join('\n');
    expect(steps).not.toMatch(/apt|apk|gcc|g\+\+|make\b|python|curl|wget|npm (ci|install)/);
  });

  it('copies only what exists, and what the context lets through', () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(source), source).toBe(true);
      expect(ignored, source).toContain(`!${source.replace(/^\.\//, '')}\n`);
    }
  });

  it('sets only variables that Quire knows', () => {
    expect(unknownVariables([...text.matchAll(/\b(QUIRE_\w+)/g)].map(([name]) => name))).toEqual([]);
  });

  it('ships every package that the server imports', () => {
    const { dependencies, files } = JSON.parse(readFileSync('package.json', 'utf8'));
    // `npm prune --omit=dev` keeps these; the page takes its libraries from there too.
    for (const name of ['markdown-it', 'dompurify', 'temml', 'onnxruntime-node', 'sharp']) {
      expect(Object.keys(dependencies)).toContain(name);
    }
    expect(files).toContain('router/web/style');
  });
});
