export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

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

export const scalarPage = page(
  'Tenon API',
  withoutMargin,
  `<div id="reference"></div>
    <script src="/docs/scalar.js"></script>
    <script src="/docs/start.js"></script>`,
);

/** A separate file, because the content security policy forbids scripts inside the page. */
export const scalarStart = `Scalar.createApiReference('#reference', ${JSON.stringify({
  url: '/openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  persistAuth: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  metaData: { title: 'Tenon API' },
})});
`;

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

const guideStyle = `
  :root { color-scheme: light dark }
  body { margin: 0 auto; max-width: 48rem; padding: 0 16px 48px; font: 16px/1.6 system-ui, sans-serif; overflow-wrap: break-word }
  nav { display: flex; gap: 16px; padding: 12px 0; border-bottom: 1px solid #8884 }
  pre { overflow-x: auto; padding: 12px; background: #8882; border-radius: 6px; line-height: 1.4 }
  code { font-size: 0.9em }
  table { display: block; overflow-x: auto; border-collapse: collapse }
  th, td { padding: 4px 10px; border: 1px solid #8884; text-align: left; vertical-align: top }
  h1, h2, h3 { line-height: 1.25 }
`;

/** @param html of the page below its navigation */
export const guidePage = (title: string, html: string): string =>
  page(
    `${escapeHtml(title)} · Tenon`,
    guideStyle,
    `<nav><a href="/guides">Guides</a><a href="/guides/changelog">Changelog</a><a href="/docs">API reference</a></nav>
    <main>
${html}
    </main>`,
  );
