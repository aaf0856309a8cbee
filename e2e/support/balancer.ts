import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './server.ts';

/** A plain round robin over servers. It tries no request again. */
export interface Balancer {
  readonly name: string;
  readonly url: string;
  /** Sends to these servers from now on. */
  use(servers: readonly string[]): void;
  stop(): Promise<void>;
}

const guide = readFileSync(join(import.meta.dirname, '../../docs/operate/README.md'), 'utf8');

/** The configuration in the operator's guide, without TLS, on this port, and without second tries. */
function documented(port: number): string {
  const block = /^```nginx\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? '';
  const server = block.slice(block.indexOf('server {'));
  return server
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replaceAll(/^ *ssl_.*\n/gm, '')
    .replace('location / {', 'location / {\n    proxy_next_upstream off;');
}

const upstream = (servers: readonly string[]): string =>
  `upstream tenon { ${servers.map((url) => `server ${new URL(url).host} max_fails=0;`).join(' ')} keepalive 32; }\n`;

async function startNginx(servers: readonly string[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-nginx-'));
  const port = await freePort();
  const use = (wanted: readonly string[]) => writeFileSync(join(folder, 'upstream.conf'), upstream(wanted));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${join(folder, 'pid')}; error_log stderr warn; worker_processes 1;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events {}
    http { access_log off; ${temporary.join(' ')} include upstream.conf;
    ${documented(port)} }`,
  );
  use(servers);
  const nginx: ChildProcess = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  nginx.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = `http://127.0.0.1:${port}`;
  await until(() => {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${log}`);
    return fetch(url).then(
      () => true,
      () => undefined,
    );
  }, 'The start of nginx');
  return {
    name: 'nginx',
    url,
    use(wanted) {
      use(wanted);
      nginx.kill('SIGHUP');
    },
    async stop() {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function startOwn(first: readonly string[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  let servers = first;
  let turn = 0;
  const proxy = createServer((incoming, answer) => {
    const target = new URL(incoming.url ?? '/', servers[turn++ % servers.length]);
    const { method, headers } = incoming;
    const outgoing = request(
      target,
      { method, headers: { ...headers, connection: 'keep-alive' }, agent },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, { ...response.headers, connection: 'close' });
        response.pipe(answer);
      },
    );
    outgoing.on('error', (error) => answer.writeHead(502, { connection: 'close' }).end(error.message));
    incoming.pipe(outgoing);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy has no address.');
  return {
    name: 'a proxy of Node',
    url: `http://127.0.0.1:${address.port}`,
    use: (wanted) => (servers = wanted),
    async stop() {
      proxy.close();
      agent.destroy();
      await once(proxy, 'close');
    },
  };
}

function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts nginx with the configuration of the operator's guide. Where nginx is not installed, a proxy of Node takes its place. */
export const startBalancer = (servers: readonly string[]): Promise<Balancer> =>
  hasNginx() ? startNginx(servers) : startOwn(servers);
