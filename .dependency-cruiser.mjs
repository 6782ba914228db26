// The borders of DESIGN.md's table. Tests may look anywhere; types may come from where the contracts stand.
const SERVER = '^packages/server/src';

/** What each stage may use of the others at run time: those left of it in the drawing. `base` is for all. */
const MAY_USE = {
  base: [],
  apps: ['recording/task-parameters\\.ts'],
  sfu: [],
  room: ['sfu'],
  call: ['room', 'apps'],
  capture: ['room', 'sfu'],
  recording: ['room', 'capture', 'apps', 'store', 'library'],
  timeline: ['timeline'],
  render: ['timeline', 'capture', 'recording'],
  store: [],
  library: ['store'],
  callback: [],
  usage: [],
  signalling: [],
  api: ['apps', 'store', 'library'],
};

const tests = '\\.test(-d)?\\.ts$|/testing/';
const typeOnly = ['type-only'];

const stageRules = Object.entries(MAY_USE).map(([stage, others]) => ({
  name: `${stage}-uses-only-what-lies-left-of-it`,
  comment: `${stage}/ may use at run time: base${others.map((other) => `, ${other}`).join('')}. See docs/design and DESIGN.md's table.`,
  severity: 'error',
  from: { path: `${SERVER}/${stage}/`, pathNot: tests },
  to: {
    path: `${SERVER}/[^/]+/`,
    pathNot: ['base', stage, ...others].map((other) => `${SERVER}/${other}${other.endsWith('ts') ? '$' : '/'}`),
    dependencyTypesNot: typeOnly,
  },
}));

export default {
  forbidden: [
    ...stageRules,
    {
      name: 'base-imports-no-stage',
      comment: 'base/ is under all stages, types included.',
      severity: 'error',
      from: { path: `${SERVER}/base/`, pathNot: tests },
      to: { path: `${SERVER}/(?!base/)` },
    },
    {
      name: 'sfu-words-stay-in-sfu',
      comment: 'Only room/, capture/ and the composition root know the media server, types included.',
      severity: 'error',
      from: { path: SERVER, pathNot: [tests, `${SERVER}/(sfu|room|capture)/`, `${SERVER}/platform/`] },
      to: { path: `${SERVER}/sfu/` },
    },
    {
      name: 'call-knows-no-recording',
      comment: 'call/ knows neither the media server nor recording, types included.',
      severity: 'error',
      from: { path: `${SERVER}/call/`, pathNot: tests },
      to: { path: `${SERVER}/(sfu|recording|capture|render|timeline)/` },
    },
    {
      name: 'platform-is-the-composition',
      comment: 'platform/ joins the stages; none of them knows it.',
      severity: 'error',
      from: { path: `${SERVER}/[^/]+/`, pathNot: [tests, `${SERVER}/platform/`] },
      to: { path: `${SERVER}/platform/` },
    },
    {
      name: 'room-knows-no-call',
      severity: 'error',
      from: { path: `${SERVER}/room/`, pathNot: tests },
      to: { path: `${SERVER}/call/` },
    },
    {
      name: 'render-runs-in-a-child',
      comment: 'Nobody imports render/: it is started as a program. Benchmarks measure its parts.',
      severity: 'error',
      from: { path: '.', pathNot: [tests, '^test/', '^bench/', `${SERVER}/render/`] },
      to: { path: `${SERVER}/render/`, dependencyTypesNot: typeOnly },
    },
    {
      name: 'media-code-only-in-render-and-bots',
      comment: 'Native media code may end its process: only children load it.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [tests, `${SERVER}/render/`, '^packages/bots/'] },
      to: { path: '(^|/)node_modules/(node-av|@seydx|@napi-rs)/|^(node-av|@napi-rs)' },
    },
    {
      name: 'timeline-is-pure',
      comment: 'timeline/ does no I/O: no Node, no packages, of the other stages types only.',
      severity: 'error',
      from: { path: `${SERVER}/timeline/`, pathNot: tests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg'],
        pathNot: '@callreel/protocol|packages/protocol',
      },
    },
    {
      name: 'sql-stands-in-queries',
      comment: 'Databases are spoken to in base/db and in the queries of a stage; api/ holds no SQL.',
      severity: 'error',
      from: { path: `${SERVER}/(api|sfu|timeline|render|store)/`, pathNot: tests },
      to: {
        path: `node_modules/(kysely|pg|@electric-sql)/|^(kysely|pg)$|${SERVER}/base/db/`,
        dependencyTypesNot: typeOnly,
      },
    },
    {
      name: 'protocol-depends-on-nothing',
      severity: 'error',
      from: { path: '^packages/protocol/src', pathNot: tests },
      to: { pathNot: '^packages/protocol/src|node_modules/typebox/' },
    },
    {
      name: 'browser-code-knows-no-node',
      severity: 'error',
      from: { path: '^packages/callkit/(src|page)', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages-meet-in-the-protocol',
      comment: 'callkit and bots do not know the server, nor it them.',
      severity: 'error',
      from: { path: '^packages/(callkit|bots|protocol)/', pathNot: tests },
      to: { path: SERVER },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: { pathNot: tests },
      to: { circular: true, viaOnly: { dependencyTypesNot: typeOnly } },
    },
    { name: 'nothing-unresolved', severity: 'error', from: { pathNot: tests }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/|\\.tmp\\.ts$' },
    // Read with the API of TypeScript 6, which `typescript` is for: version 7 has none yet.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
