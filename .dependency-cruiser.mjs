/** The folders of packages/core/src in the order of their imports: each may import only from those before it. */
export const contexts = [
  'kernel',
  'files',
  'database',
  'access',
  'jobs',
  'activity',
  'records',
  'identity',
  'tenancy',
  'api-log',
  'work',
  'notifications',
  'webhooks',
  'live',
  'collaboration',
  'analytics',
  'integrations',
  'billing',
  'finance',
  'crm',
  'workflow',
  'reporting',
  'compliance',
];

/** The folders of packages/core/src/tenancy in the same order. The files beside its index.ts are below all of them. */
export const rooms = [
  'organizations',
  'memberships',
  'roles',
  'departments',
  'teams',
  'role-assignments',
  'members',
  'ownership',
  'invitations',
  'service-accounts',
  'api-keys',
  'identity-providers',
  'principals',
  'auth',
];

/** Whose every file may be imported. The others are entered through their index.ts. */
const open = ['kernel', 'database'];

const core = '^packages/core/src/';
const tenancy = `${core}tenancy/`;
const test = String.raw`\.(test|samples)\.ts$`;
const testing = '^packages/(core|api)/src/(contract/)?testing/';
/** Run from the command line, never imported: they see the whole platform. */
const programs = String.raw`${core}database/migrations/(drift|generate)\.ts$`;
/** What the SDK shares with the server. It runs in browsers, and the SDK's build puts it into the package. */
const shared = String.raw`${core}activity/check-chain\.ts$`;
const anyOf = (names) => `(${names.join('|')})`;

/** Folders that may import only from those before them. */
const layers = (parent, folders, kind) =>
  folders.slice(0, -1).map((folder, index) => ({
    name: `${folder}-imports-only-earlier-${kind}`,
    severity: 'error',
    from: { path: `${parent}${folder}/`, pathNot: [test, programs] },
    to: { path: `${parent}${anyOf(folders.slice(index + 1))}/` },
  }));

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  {
    name: 'core-imports-no-other-workspace',
    severity: 'error',
    from: { path: '^packages/core/' },
    to: { path: '^(apps|benchmarks|packages/(?!core/))' },
  },
  {
    name: 'core-knows-no-transport',
    comment: 'HTTP and tRPC belong to packages/api and apps/. Tests may serve what core calls.',
    severity: 'error',
    from: { path: core, pathNot: [test, testing] },
    to: { path: 'node_modules/(fastify|@fastify|@trpc|trpc-to-openapi)/|^(node:)?https?$' },
  },
  {
    name: 'api-imports-only-core',
    severity: 'error',
    from: { path: '^packages/api/' },
    to: { path: '^(apps|benchmarks|packages/(?!(api|core)/))' },
  },
  {
    name: 'apps-are-imported-by-nobody',
    severity: 'error',
    from: { path: '^(?:packages|apps)/([^/]+)/', pathNot: test },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'sdk-imports-only-types-of-api',
    severity: 'error',
    from: { path: '^packages/sdk/src/', pathNot: test },
    to: { path: '^packages/api/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'sdk-imports-nothing-of-core',
    severity: 'error',
    from: { path: '^packages/sdk/' },
    to: { path: '^(packages/core|apps|benchmarks)/', pathNot: shared },
  },
  {
    name: 'what-the-sdk-shares-imports-no-more-than-it-needs',
    severity: 'error',
    from: { path: shared },
    to: { pathNot: String.raw`${core}kernel/canonical-json\.ts$` },
  },
  {
    name: 'sdk-runs-in-browsers',
    severity: 'error',
    from: { path: '^packages/sdk/src/', pathNot: test },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'packages-are-entered-through-their-exports',
    severity: 'error',
    from: { path: '^(apps|packages|benchmarks|examples|e2e)/([^/]+)/' },
    to: {
      path: '^packages/([^/]+)/',
      pathNot: [
        '^$1/$2/',
        String.raw`^packages/[^/]+/src/(testing/)?index\.ts$`,
        String.raw`^packages/sdk/src/(events|webhooks)\.ts$`,
        // What the command line needs before it knows whether it needs the platform, which takes long to load.
        String.raw`^packages/core/src/kernel/start\.ts$`,
        shared,
        String.raw`^packages/[^/]+/(package|openapi)\.json$`,
      ],
    },
  },
  ...layers(core, contexts, 'contexts'),
  ...layers(tenancy, rooms, 'rooms'),
  {
    name: 'every-room-of-tenancy-has-its-layer',
    comment: 'Add a new room to the list above.',
    severity: 'error',
    from: {},
    to: { path: `${tenancy}[^/]+/`, pathNot: `${tenancy}${anyOf(rooms)}/` },
  },
  {
    name: 'what-all-rooms-share-imports-none',
    severity: 'error',
    from: { path: String.raw`${tenancy}(?!index\.ts)[^/]+\.ts$` },
    to: { path: `${tenancy}([^/]+/|index)` },
  },
  {
    name: 'access-imports-only-kernel',
    comment: 'Decisions are pure functions over a principal.',
    severity: 'error',
    from: { path: `${core}access/`, pathNot: test },
    to: { path: core, pathNot: `${core}(kernel|access)/` },
  },
  {
    name: 'contexts-are-entered-through-their-index',
    severity: 'error',
    from: { path: `${core}([^/]+)`, pathNot: [test, testing, programs, String.raw`${core}platform\.ts$`] },
    to: {
      path: `${core}${anyOf(contexts.filter((context) => !open.includes(context)))}/`,
      pathNot: [`${core}$1/`, String.raw`${core}[^/]+/index\.ts$`],
    },
  },
  {
    name: 'contexts-know-no-platform',
    comment: 'platform.ts wires the contexts; index.ts shows them to other packages.',
    severity: 'error',
    from: { path: `${core}[^/]+/`, pathNot: [test, testing, programs] },
    to: { path: String.raw`${core}[^/]+\.ts$` },
  },
  {
    name: 'identity-door-is-for-identity-tenancy-and-the-api-log',
    severity: 'error',
    from: { pathNot: [test, testing, `${core}(identity|tenancy|api-log)/`] },
    to: { path: String.raw`${core}database/identity-door\.ts$` },
  },
  {
    name: 'system-door-is-for-loops-over-organizations',
    severity: 'error',
    from: { pathNot: [test, testing, String.raw`${core}(jobs/|activity/|analytics/|webhooks/|platform\.ts$)`] },
    to: { path: String.raw`${core}database/system-door\.ts$` },
  },
  {
    name: 'migrations-are-for-database',
    severity: 'error',
    from: { pathNot: [test, testing, '^scripts/', `${core}database/`] },
    to: { path: `${core}database/migrations/` },
  },
  {
    name: 'production-imports-no-test-code',
    severity: 'error',
    from: { path: '^(packages|apps)/', pathNot: [test, testing, programs] },
    to: { path: [test, testing, '^e2e/'] },
  },
  {
    name: 'production-imports-no-dev-dependency',
    severity: 'error',
    from: { path: '^(packages|apps)/[^/]+/(src|bin)/', pathNot: [test, testing] },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'], pathNot: shared },
  },
  {
    name: 'no-circle',
    comment: 'Type-only imports count too: two files that need each other cannot be read one after the other.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'imports-resolve',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').ICruiseOptions} */
const options = {
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['node', 'import', 'types', 'default'],
    mainFields: ['module', 'main', 'types'],
  },
};

export default { forbidden, options };
