import { readFile } from 'node:fs/promises';
import { Asset } from '@tenon/api';

export const scriptType = 'text/javascript; charset=utf-8';

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

async function load(name: BundleName): Promise<Asset> {
  const [packageName, path] = scripts[name];
  const text = await readFile(new URL(path, import.meta.resolve(packageName)), 'utf8');
  return new Asset(scriptType, text.replaceAll(remoteLogo, noImage));
}

/** Reads a bundle at its first request: most servers never show their documentation. */
export function bundle(name: BundleName): Promise<Asset> {
  const found = loaded.get(name) ?? load(name);
  loaded.set(name, found);
  return found;
}
