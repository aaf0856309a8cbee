import { escapeHtml } from '@tenon/core';

const page = (title: string, style: string, body: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    ${body}
  </body>
</html>
`;

const withoutMargin = 'body { margin: 0 }';

/** The variables are those of Scalar, which change with its dark mode. */
const consoleStyle = `
  :root { --scalar-custom-header-height: 48px }
  body { margin: 0 }
  #head { position: sticky; top: 0; z-index: 20; box-sizing: border-box; height: 48px; padding: 0 12px; display: flex; gap: 12px;
    align-items: center; background: var(--scalar-background-1, #fff); border-bottom: 1px solid var(--scalar-border-color, #ddd) }
  #head, #sign-in { font: 14px/1.5 system-ui, sans-serif; color: var(--scalar-color-1, #222) }
  #head a { color: inherit }
  #head nav { flex: 1; display: flex; gap: 12px; white-space: nowrap }
  #who { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }
  #head button, #sign-in button { font: inherit; padding: 4px 12px; white-space: nowrap; cursor: pointer }
  #sign-in { width: min(360px, calc(100vw - 32px)); box-sizing: border-box; border: 1px solid var(--scalar-border-color, #ddd);
    border-radius: 8px; background: var(--scalar-background-1, #fff) }
  #sign-in h2 { margin: 0; font-size: 18px }
  #sign-in label { display: block; margin: 12px 0 }
  #sign-in input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: 6px }
  #sign-in [hidden] { display: none }
  #sign-in-message { color: #c22 }
`;

export const scalarPage = page(
  'Tenon API',
  consoleStyle,
  `<header id="head">
      <nav><a href="/guides">Guides</a><a href="/guides/changelog">Changelog</a><a href="/openapi.json">JSON</a></nav>
      <span id="who" role="status"></span>
      <button id="open" type="button">Sign in</button>
      <button id="sign-out" type="button" hidden>Sign out</button>
    </header>
    <dialog id="sign-in" aria-labelledby="sign-in-title">
      <form>
        <h2 id="sign-in-title">Sign in</h2>
        <p>The requests of this page are then sent as you, until you close it.</p>
        <label>E-mail address or username <input name="login" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <label id="code-field" hidden>Code of your app, or a recovery code <input name="code" autocomplete="one-time-code"></label>
        <p id="sign-in-message" role="alert"></p>
        <button type="submit">Sign in</button>
        <button id="cancel" type="button">Cancel</button>
      </form>
    </dialog>
    <div id="reference"></div>
    <script src="/docs/scalar.js"></script>
    <script type="module" src="/docs/start.js"></script>`,
);

const configuration = {
  url: '/docs/openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  persistAuth: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  documentDownloadType: 'none',
  agent: { disabled: true },
  mcp: { disabled: true },
  metaData: { title: 'Tenon API' },
};

/**
 * The script of the page, which the content security policy forbids inside of it.
 * @param script browser/console.js
 */
export const scalarStart = (script: string): string =>
  `const configuration = ${JSON.stringify(configuration)};\n${script}`;

export const redocPage = page(
  'Tenon API',
  withoutMargin,
  `<div id="redoc"></div>
    <script src="/redoc/redoc.js"></script>
    <script src="/redoc/start.js"></script>`,
);

export const redocStart = `Redoc.init('/openapi.json', ${JSON.stringify({
  disableGoogleFont: true,
  theme: { typography: { fontFamily: 'system-ui, sans-serif', headings: { fontFamily: 'system-ui, sans-serif' } } },
})}, document.getElementById('redoc'));
`;

const textStyle = `
  :root { color-scheme: light dark }
  body { margin: 0 auto; max-width: 48rem; padding: 0 16px 48px; font: 16px/1.6 system-ui, sans-serif; overflow-wrap: break-word }
  nav { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 12px 0; border-bottom: 1px solid #8884 }
  pre { overflow-x: auto; padding: 12px; background: #8882; border-radius: 6px; line-height: 1.4 }
  code { font-size: 0.9em }
  table { display: block; overflow-x: auto; border-collapse: collapse }
  th, td { padding: 4px 10px; border: 1px solid #8884; text-align: left; vertical-align: top }
  h1, h2, h3 { line-height: 1.25 }
`;

/** A page to read: a guide, or what a problem means. @param html of the page below its navigation */
export const textPage = (title: string, html: string): string =>
  page(
    `${escapeHtml(title)} · Tenon`,
    textStyle,
    `<nav><a href="/guides">Guides</a><a href="/guides/changelog">Changelog</a><a href="/problems">Problems</a><a href="/docs">API reference</a></nav>
    <main>
${html}
    </main>`,
  );
