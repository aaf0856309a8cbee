import type { Random } from './random.ts';

const firstNames = [
  'Ada', 'Amara', 'Anton', 'Beatriz', 'Chidi', 'Clara', 'Dmitri', 'Elif', 'Emre', 'Farah', 'Felix', 'Grace', 'Hana', 'Hugo',
  'Ines', 'Ivan', 'Jonas', 'Kenji', 'Lea', 'Lucía', 'Mateo', 'Mei', 'Nadia', 'Noah', 'Olga', 'Omar', 'Priya', 'Quinn', 'Rosa',
  'Samuel', 'Sofia', 'Tariq', 'Thea', 'Viktor', 'Wanjiru', 'Yusuf', 'Zoë',
]; // prettier-ignore

const lastNames = [
  'Almeida', 'Andersen', 'Bauer', 'Chen', 'Costa', 'Demir', 'Eze', 'Fischer', 'García', 'Haddad', 'Ivanova', 'Jansen', 'Kaya',
  'Kimura', 'Larsen', 'Moreau', 'Mwangi', 'Nakamura', 'Novak', 'Okafor', 'Patel', 'Quispe', 'Rossi', 'Sato', 'Silva', 'Tanaka',
  'Usman', 'Vega', 'Weber', 'Yılmaz', 'Zhang',
]; // prettier-ignore

const companies = [
  'Northwind', 'Bluebird', 'Harbor', 'Juniper', 'Kestrel', 'Lantern', 'Meridian', 'Oakline', 'Pinecrest', 'Quarry', 'Riverside',
  'Saltmarsh', 'Tidewater', 'Umbra', 'Vantage', 'Willow', 'Yarrow', 'Zephyr', 'Alder', 'Beacon',
]; // prettier-ignore

const trades = [
  'Logistics',
  'Studio',
  'Foods',
  'Energy',
  'Health',
  'Robotics',
  'Press',
  'Outdoor',
  'Legal',
  'Analytics',
];

const verbs = [
  'Review', 'Draft', 'Fix', 'Prepare', 'Update', 'Plan', 'Test', 'Document', 'Migrate', 'Clean up', 'Investigate', 'Approve',
  'Schedule', 'Translate', 'Measure', 'Simplify', 'Renew', 'Announce',
]; // prettier-ignore

const things = [
  'the onboarding flow', 'the quarterly report', 'the supplier contract', 'the login page', 'the pricing table', 'the release notes',
  'the customer survey', 'the warehouse labels', 'the invoice template', 'the backup schedule', 'the privacy policy',
  'the search results', 'the mobile layout', 'the team offsite', 'the travel budget', 'the error messages', 'the data export',
  'the hiring plan', 'the product photos', 'the support macros', 'the API keys', 'the monthly forecast', 'the meeting notes',
  'the domain renewal',
]; // prettier-ignore

const reasons = [
  'before the board meeting', 'for the new region', 'after the incident on Tuesday', 'for the spring launch', 'with the design team',
  'for the auditors', 'so that support gets fewer tickets', 'for accessibility', 'before the contract ends', 'for the partner portal',
]; // prettier-ignore

const details = [
  'Two customers asked about this last week.', 'The numbers are in the shared sheet.', 'Start with the smallest step that helps.',
  'Please keep the old version until Friday.', 'Legal has seen it and has one remark.', 'Screenshots are attached to the mail thread.',
  'It blocks the next release.', 'Ask in the channel if something is unclear.', 'Done when the checklist is empty.',
]; // prettier-ignore

export const tags = [
  ['bug', '#d64545'], ['feature', '#3a7bd5'], ['customer', '#e0912f'], ['design', '#9b59b6'], ['finance', '#2e8b57'],
  ['legal', '#7f8c8d'], ['operations', '#16a3a3'], ['research', '#c2478f'], ['urgent', '#b03a2e'], ['documentation', '#5d6d7e'],
] as const; // prettier-ignore

/** Departments with their teams. The first department is the parent of the others. */
export const departments = [
  ['Operations', 'Dispatch'],
  ['Customer care', 'Help desk'],
  ['Product', 'Studio'],
] as const;

export const personName = (random: Random): string => `${random.pick(firstNames)} ${random.pick(lastNames)}`;

/** Unique for the first two hundred indexes. */
export const companyName = (index: number): string =>
  `${companies[index % companies.length] ?? ''} ${trades[Math.floor(index / companies.length + index) % trades.length] ?? ''}`;

export const taskTitle = (random: Random): string =>
  `${random.pick(verbs)} ${random.pick(things)}${random.chance(0.6) ? ` ${random.pick(reasons)}` : ''}`;

export const taskDescription = (random: Random): string => random.some(details, 1 + random.below(3)).join(' ');
