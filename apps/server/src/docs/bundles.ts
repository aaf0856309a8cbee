import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file, ready to send. */
export interface Asset {
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

const compress = promisify(gzip);

/** The browser script of each package, as a path relative to the package's main file. */
const scripts = {
  scalar: ['@scalar/api-reference', './browser/standalone.js'],
  redoc: ['redoc', './redoc.standalone.js'],
} as const;

export type BundleName = keyof typeof scripts;

/** Redoc loads a logo from its vendor's CDN. Our pages load nothing from other servers, so it is replaced. */
const remoteLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const noImage = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

const loaded = new Map<BundleName, Promise<Asset>>();

export async function assetOf(body: Buffer): Promise<Asset> {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
  return { body, gzipped: await compress(body), etag };
}

async function load(name: BundleName): Promise<Asset> {
  const [packageName, path] = scripts[name];
  const text = await readFile(new URL(path, import.meta.resolve(packageName)), 'utf8');
  return assetOf(Buffer.from(text.replaceAll(remoteLogo, noImage)));
}

/** Reads a bundle at its first request: most servers never show their documentation. */
export function bundle(name: BundleName): Promise<Asset> {
  const found = loaded.get(name) ?? load(name);
  loaded.set(name, found);
  return found;
}
