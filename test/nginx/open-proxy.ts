import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A configuration of ours, running under Debian's nginx in a folder of its own. */
export interface RunningProxy {
  readonly ports: Readonly<Record<string, number>>;
  /** The throw-away certificate, as the only authority to trust. */
  readonly certificate: string;
  accessLog(): string;
  close(): Promise<void>;
}

/** The reason why nginx tests cannot run here, or null. */
export function missingForProxy(): string | null {
  for (const [program, flag] of [
    ['nginx', '-v'],
    ['openssl', 'version'],
  ] as const) {
    if (spawnSync(program, [flag]).error) return `${program} is not installed`;
  }
  return null;
}

/**
 * Runs a configuration after replacing what a host must adapt: addresses, certificate, pid and logs. Every pattern
 * must occur, so that the test notices when the configuration changes; everything else runs as it is shipped.
 */
export async function openProxy(file: string, upstreamPorts: readonly number[]): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'quire-nginx-'));
  const at = (name: string) => join(folder, name);
  const ports = { first: await freePort(), second: await freePort() };
  makeCertificate(folder);
  let text = readFileSync(resolve(file), 'utf8');
  const swap = (pattern: RegExp, replacement: string | ((match: string) => string)) => {
    if (!pattern.test(text)) throw new Error(`${file} no longer contains ${pattern}`);
    text = text.replace(pattern, replacement as string);
  };
  swap(/^pid .*;$/m, `pid ${at('nginx.pid')};`);
  swap(/^error_log .*;$/m, `error_log ${at('error.log')} warn;`);
  let upstream = 0;
  swap(/(?<=^ {4}server )127\.0\.0\.1:\d+/gm, () => `127.0.0.1:${upstreamPorts[upstream++ % upstreamPorts.length]}`);
  if (file.endsWith('edge.conf')) {
    swap(/access_log \S+ quire;/, `access_log ${at('access.log')} quire;`);
    swap(/listen 80;/, `listen 127.0.0.1:${ports.first};`);
    swap(/listen 443 ssl/, `listen 127.0.0.1:${ports.second} ssl`);
    swap(/ssl_certificate +\S+;/, `ssl_certificate ${at('quire.crt')};`);
    swap(/ssl_certificate_key +\S+;/, `ssl_certificate_key ${at('quire.key')};`);
    text = `daemon off;\n${text}`;
  } else {
    swap(/listen 127\.0\.0\.1:\d+;/, `listen 127.0.0.1:${ports.first};`);
  }
  // Debian's defaults for these lie in folders that need root.
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  swap(/^http \{$/m, `http {\n${kinds.map((kind) => `  ${kind}_temp_path ${at(kind)};`).join('\n')}`);
  writeFileSync(at('nginx.conf'), text);

  const check = spawnSync('nginx', ['-t', '-p', folder, '-c', at('nginx.conf')], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(`nginx -t refuses ${file}:\n${check.stderr}`);
  const nginx = spawn('nginx', ['-p', folder, '-c', at('nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
  await untilListening(ports.first, nginx);
  return {
    ports,
    certificate: readFileSync(at('quire.crt'), 'utf8'),
    accessLog: () => readFileSync(at('access.log'), 'utf8'),
    async close() {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeCertificate(folder: string): void {
  const { status, stderr } = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost']
      .concat(['-addext', 'subjectAltName=DNS:localhost'])
      .concat(['-keyout', join(folder, 'quire.key'), '-out', join(folder, 'quire.crt')]),
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await new Promise((wait) => setTimeout(wait, 50));
  }
  throw new Error('nginx did not start');
}
