const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <style>body { margin: 0 }</style>
  </head>
  <body>
    ${body}
  </body>
</html>
`;

export const scalarPage = page(
  'Tenon API',
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
  `<div id="redoc"></div>
    <script src="/redoc/redoc.js"></script>
    <script src="/redoc/start.js"></script>`,
);

export const redocStart = `Redoc.init('/openapi.json', ${JSON.stringify({
  disableGoogleFont: true,
  theme: { typography: { fontFamily: 'system-ui, sans-serif', headings: { fontFamily: 'system-ui, sans-serif' } } },
})}, document.getElementById('redoc'));
`;
