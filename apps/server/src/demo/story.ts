import type { BuiltInRoleKey, ProjectCreate, TaskCreate, TaskStatus } from '@tenon/core';

/*
 * What happened at a small shop for outdoor gear: three projects with forty tasks. All days are counted back from the first start.
 */

export const company = 'Berg Outdoor';

/** The first one owns the organization. The names are the usernames, by which comments mention people. */
export const people = {
  demo: { fullName: 'Robin Berg', role: 'owner' },
  ines: { fullName: 'Ines Moreau', role: 'manager' },
  jonas: { fullName: 'Jonas Weber', role: 'member' },
  lena: { fullName: 'Lena Fischer', role: 'member' },
  omar: { fullName: 'Omar Haddad', role: 'member' },
} as const satisfies Record<string, { fullName: string; role: BuiltInRoleKey }>;

export type Who = keyof typeof people;

/** The teams of the only department. */
export const teams = {
  shop: { name: 'Web shop', members: ['demo', 'ines', 'jonas'] },
  depot: { name: 'Depot', members: ['lena', 'omar'] },
  office: { name: 'Back office', members: ['demo', 'ines'] },
} as const satisfies Record<string, { name: string; members: readonly Who[] }>;

export const tags = { launch: '#3a7bd5', customer: '#e0912f', bug: '#d64545', finance: '#2e8b57', safety: '#8a5fbf' };

export interface StoryFile {
  fileName: string;
  mediaType: string;
  text: string;
}

export interface StoryTask extends Pick<TaskCreate, 'title' | 'description' | 'priority' | 'estimatedHours'> {
  /** By which other tasks name it. */
  name?: string;
  by: Who;
  /** How many days ago it was created. */
  begun: number;
  dueInDays?: number;
  assignees: readonly Who[];
  tags?: readonly (keyof typeof tags)[];
  /** The name of the task of which it is a part. That one must be older, or of the same day. */
  partOf?: string;
  /** The name of the task that it waits for. */
  waitsFor?: string;
  /** How its status changed: days ago, by whom, to what. */
  moves?: readonly (readonly [number, Who, TaskStatus])[];
  /** Is set when it becomes done. */
  actualHours?: number;
  /** Days ago, by whom, what. */
  comments?: readonly (readonly [number, Who, string])[];
  file?: StoryFile;
}

export interface StoryProject extends Pick<ProjectCreate, 'key' | 'name' | 'description' | 'status' | 'visibility'> {
  lead: Who;
  members: readonly Who[];
  team: keyof typeof teams;
  startedDaysAgo: number;
  targetInDays: number;
  file?: StoryFile;
  tasks: readonly StoryTask[];
}

const spring: StoryProject = {
  key: 'SPRING',
  name: 'Spring season in the web shop',
  description: 'New prices, new pictures, and a checkout that works in all countries we deliver to.',
  status: 'active',
  lead: 'ines',
  members: ['demo', 'jonas'],
  team: 'shop',
  startedDaysAgo: 24,
  targetInDays: 16,
  tasks: [
    {
      name: 'prices',
      title: 'Publish the spring price list',
      description: 'Sales has confirmed the numbers. Replace the PDF on the website and tell the resellers.',
      by: 'demo',
      begun: 24,
      dueInDays: 3,
      priority: 'high',
      estimatedHours: 4,
      assignees: ['demo'],
      tags: ['launch', 'finance'],
      moves: [[4, 'demo', 'in_progress']],
      comments: [[3, 'demo', 'The resellers asked for a week of notice, so Thursday is the latest.']],
      file: {
        fileName: 'spring-prices.csv',
        mediaType: 'text/csv',
        text: 'article,price_eur\nTent Fjell 2,389.00\nTent Fjell 3,459.00\nStove Kettil,74.50\nSleeping bag Myr,219.00\n',
      },
    },
    {
      title: 'Collect the new prices from the suppliers',
      by: 'demo',
      begun: 24,
      dueInDays: -14,
      priority: 'high',
      estimatedHours: 6,
      actualHours: 7.5,
      assignees: ['ines'],
      tags: ['finance'],
      moves: [
        [22, 'ines', 'in_progress'],
        [15, 'ines', 'done'],
      ],
      comments: [
        [20, 'ines', 'Three of five have answered. I call the other two tomorrow.'],
        [15, 'ines', 'All are in. The stoves became 4 percent more expensive, the tents stayed.'],
      ],
    },
    {
      name: 'norway',
      title: 'Customers in Norway cannot pay by card',
      description: 'Since Monday the checkout answers "amount too small" for prices in NOK.',
      by: 'ines',
      begun: 6,
      dueInDays: 1,
      priority: 'critical',
      estimatedHours: 6,
      assignees: ['jonas', 'demo'],
      tags: ['bug', 'customer'],
      moves: [
        [6, 'jonas', 'in_progress'],
        [2, 'jonas', 'in_review'],
      ],
      comments: [
        [6, 'ines', 'Two customers have written already. @jonas, can you look at it first?'],
        [5, 'jonas', 'I can repeat it with every card. Orders in EUR are fine.'],
        [2, 'jonas', 'Found it: the amount was rounded to whole kroner before it became øre. @demo, please review.'],
      ],
      file: {
        fileName: 'checkout-error.txt',
        mediaType: 'text/plain',
        text: 'POST /payments 422\n{"error":"amount_too_small","amount":459,"currency":"NOK"}\n',
      },
    },
    {
      title: 'Write a test for amounts in kroner, złoty and yen',
      by: 'jonas',
      begun: 4,
      estimatedHours: 2,
      assignees: ['jonas'],
      tags: ['bug'],
      partOf: 'norway',
      moves: [[3, 'jonas', 'in_progress']],
    },
    {
      title: 'Refund the two orders that were charged twice',
      by: 'ines',
      begun: 5,
      priority: 'urgent',
      estimatedHours: 1,
      actualHours: 0.5,
      assignees: ['ines'],
      tags: ['customer', 'finance'],
      partOf: 'norway',
      moves: [[4, 'ines', 'done']],
    },
    {
      name: 'pictures',
      title: 'Take pictures of the new tents',
      description: 'Five colors, pitched and packed. The meadow behind the depot is free on Tuesdays.',
      by: 'ines',
      begun: 18,
      dueInDays: -3,
      estimatedHours: 10,
      actualHours: 12,
      assignees: ['omar', 'ines'],
      tags: ['launch'],
      moves: [
        [12, 'omar', 'in_progress'],
        [3, 'omar', 'done'],
      ],
      comments: [[11, 'omar', 'It rained all day. We try again next Tuesday.']],
    },
    {
      name: 'pages',
      title: 'Put the new tents into the shop',
      by: 'ines',
      begun: 18,
      dueInDays: 6,
      priority: 'high',
      estimatedHours: 8,
      assignees: ['jonas'],
      tags: ['launch'],
      waitsFor: 'pictures',
      moves: [[2, 'jonas', 'in_progress']],
    },
    {
      title: 'Translate the descriptions into Norwegian and French',
      by: 'ines',
      begun: 17,
      dueInDays: 9,
      estimatedHours: 14,
      assignees: ['ines'],
      tags: ['launch'],
      partOf: 'pages',
    },
    {
      title: 'Measure how long the product pages take on a phone',
      by: 'jonas',
      begun: 16,
      estimatedHours: 3,
      actualHours: 4.25,
      assignees: ['jonas'],
      moves: [
        [14, 'jonas', 'in_progress'],
        [13, 'jonas', 'done'],
      ],
      comments: [[13, 'jonas', '3.1 s at the median. Two thirds of it are pictures that are larger than the screen.']],
    },
    {
      name: 'faster',
      title: 'Serve pictures in the size of the screen',
      by: 'jonas',
      begun: 13,
      dueInDays: -6,
      estimatedHours: 6,
      actualHours: 9,
      assignees: ['jonas'],
      moves: [
        [12, 'jonas', 'in_progress'],
        [8, 'jonas', 'in_review'],
        [7, 'demo', 'in_progress'],
        [5, 'jonas', 'in_review'],
        [5, 'demo', 'done'],
      ],
      comments: [
        [7, 'demo', 'On my tablet the tents are blurred. Otherwise it is much better.'],
        [5, 'jonas', 'Tablets have twice the pixels. They get the larger picture now.'],
      ],
    },
    {
      title: 'Announce the season to the 1,900 readers of the newsletter',
      by: 'demo',
      begun: 12,
      dueInDays: 12,
      estimatedHours: 5,
      assignees: ['ines'],
      tags: ['launch', 'customer'],
      waitsFor: 'pages',
    },
    {
      title: 'Show the delivery date before the payment',
      by: 'ines',
      begun: 10,
      dueInDays: 14,
      estimatedHours: 9,
      assignees: ['jonas'],
      tags: ['customer'],
      comments: [[9, 'ines', 'Every third mail to us asks for it.']],
    },
    {
      title: 'Renew the domain and the certificates',
      by: 'demo',
      begun: 9,
      dueInDays: -1,
      priority: 'urgent',
      assignees: ['jonas'],
    },
    {
      title: 'Remove the page of last winter',
      by: 'ines',
      begun: 20,
      priority: 'low',
      estimatedHours: 1,
      actualHours: 0.5,
      assignees: ['jonas'],
      moves: [
        [17, 'jonas', 'done'],
        [10, 'ines', 'archived'],
      ],
    },
    {
      title: 'Ask ten customers what they miss in the shop',
      by: 'ines',
      begun: 8,
      dueInDays: 10,
      priority: 'low',
      estimatedHours: 6,
      assignees: ['ines'],
      tags: ['customer'],
      moves: [[1, 'ines', 'in_progress']],
    },
  ],
};

const depot: StoryProject = {
  key: 'DEPOT',
  name: 'The new depot',
  description: 'We leave the hall in the harbor at the end of next month.',
  status: 'active',
  lead: 'lena',
  members: ['omar', 'demo'],
  team: 'depot',
  startedDaysAgo: 21,
  targetInDays: 38,
  file: {
    fileName: 'moving-day.md',
    mediaType: 'text/markdown',
    text: '# Moving day\n\n1. 06:00 two trucks at the old hall\n2. 09:00 tents and sleeping bags\n3. 13:00 stoves and gas, by Omar alone\n',
  },
  tasks: [
    {
      title: 'Sign the contract for the hall',
      by: 'demo',
      begun: 21,
      dueInDays: -16,
      priority: 'high',
      actualHours: 3,
      assignees: ['demo'],
      tags: ['finance'],
      moves: [
        [20, 'demo', 'in_progress'],
        [17, 'demo', 'done'],
      ],
    },
    {
      name: 'shelves',
      title: 'Plan the shelves',
      description: 'Tents near the gate, gas apart from everything else.',
      by: 'lena',
      begun: 19,
      dueInDays: -5,
      estimatedHours: 12,
      actualHours: 10.5,
      assignees: ['lena', 'omar'],
      moves: [
        [18, 'lena', 'in_progress'],
        [10, 'lena', 'in_review'],
        [6, 'demo', 'done'],
      ],
      comments: [
        [10, 'lena', '@demo the plan is attached. 42 shelves, and the aisle is wide enough for the lift.'],
        [6, 'demo', 'I like it. Please leave room for the repair bench.'],
      ],
      file: {
        fileName: 'shelf-plan.csv',
        mediaType: 'text/csv',
        text: 'aisle,shelves,for\nA,14,tents\nB,14,sleeping bags\nC,10,stoves\nD,4,returns\n',
      },
    },
    {
      name: 'order',
      title: 'Order the shelves',
      by: 'lena',
      begun: 9,
      dueInDays: 4,
      priority: 'high',
      estimatedHours: 3,
      assignees: ['lena'],
      tags: ['finance'],
      waitsFor: 'shelves',
      moves: [[5, 'lena', 'in_progress']],
      comments: [[4, 'lena', 'Two offers so far: 8,400 and 9,150. The cheaper one delivers a week later.']],
    },
    {
      name: 'build',
      title: 'Build the shelves',
      by: 'lena',
      begun: 9,
      dueInDays: 20,
      estimatedHours: 40,
      assignees: ['omar', 'lena'],
      waitsFor: 'order',
    },
    {
      title: 'Borrow a lift for the upper rows',
      by: 'omar',
      begun: 8,
      dueInDays: 15,
      estimatedHours: 1,
      assignees: ['omar'],
      partOf: 'build',
    },
    {
      title: 'Have the floor tested for the load',
      by: 'lena',
      begun: 15,
      dueInDays: -8,
      estimatedHours: 2,
      actualHours: 2,
      assignees: ['omar'],
      tags: ['safety'],
      moves: [
        [11, 'omar', 'in_progress'],
        [9, 'omar', 'done'],
      ],
    },
    {
      title: 'Get the permit for storing gas',
      description: 'The fire brigade wants to see the ventilation first.',
      by: 'demo',
      begun: 15,
      dueInDays: 11,
      priority: 'high',
      estimatedHours: 5,
      assignees: ['lena'],
      tags: ['safety'],
      moves: [[7, 'lena', 'in_progress']],
      comments: [
        [7, 'lena', 'They come next week to look at the ventilation.'],
        [6, 'omar', 'I will be there and open the roof for them.'],
      ],
    },
    {
      title: 'Count the stock before the move',
      by: 'lena',
      begun: 7,
      dueInDays: 24,
      estimatedHours: 16,
      assignees: ['omar', 'lena'],
    },
    {
      title: 'Tell the parcel service the new address',
      by: 'omar',
      begun: 7,
      dueInDays: 18,
      estimatedHours: 0.5,
      assignees: ['omar'],
    },
    {
      title: 'Book two trucks for moving day',
      by: 'lena',
      begun: 6,
      dueInDays: 7,
      estimatedHours: 1,
      assignees: ['omar'],
      moves: [
        [3, 'omar', 'in_progress'],
        [1, 'omar', 'in_review'],
      ],
      comments: [[1, 'omar', '@lena they hold two trucks for us until Friday. Shall I confirm?']],
    },
    {
      title: 'The scanner loses every tenth parcel',
      by: 'omar',
      begun: 14,
      priority: 'high',
      estimatedHours: 4,
      actualHours: 6,
      assignees: ['jonas'],
      tags: ['bug'],
      moves: [
        [13, 'jonas', 'in_progress'],
        [11, 'jonas', 'done'],
      ],
      comments: [[11, 'jonas', 'It was the driver. Please tell me if it happens again.']],
    },
    {
      title: 'Label the emergency exits',
      by: 'lena',
      begun: 5,
      dueInDays: 30,
      priority: 'low',
      estimatedHours: 2,
      assignees: ['omar'],
      tags: ['safety'],
    },
    {
      title: 'Give notice for the old hall',
      by: 'demo',
      begun: 20,
      dueInDays: -12,
      priority: 'urgent',
      estimatedHours: 0.5,
      actualHours: 0.5,
      assignees: ['demo'],
      tags: ['finance'],
      moves: [[13, 'demo', 'done']],
    },
  ],
};

const office: StoryProject = {
  key: 'OFFICE',
  name: 'Money and people',
  description: 'What only Robin and Ines should see.',
  status: 'active',
  visibility: 'private',
  lead: 'demo',
  members: ['ines'],
  team: 'office',
  startedDaysAgo: 16,
  targetInDays: 60,
  tasks: [
    {
      title: 'Send the February invoices',
      by: 'demo',
      begun: 16,
      dueInDays: -9,
      estimatedHours: 2,
      actualHours: 1.5,
      assignees: ['ines'],
      tags: ['finance'],
      moves: [
        [11, 'ines', 'in_progress'],
        [10, 'ines', 'done'],
      ],
    },
    {
      title: 'Compare our salaries with those in the region',
      by: 'demo',
      begun: 16,
      dueInDays: -4,
      estimatedHours: 6,
      actualHours: 5,
      assignees: ['ines'],
      tags: ['finance'],
      moves: [
        [9, 'ines', 'in_progress'],
        [4, 'ines', 'done'],
      ],
      comments: [[4, 'ines', 'The depot is 3 percent below, the shop is about equal.']],
    },
    {
      title: 'Decide on the raises for this year',
      by: 'demo',
      begun: 15,
      dueInDays: 8,
      priority: 'high',
      estimatedHours: 4,
      assignees: ['demo', 'ines'],
      tags: ['finance'],
      moves: [[3, 'demo', 'in_progress']],
      comments: [[3, 'demo', '@ines, let us begin with the depot.']],
    },
    {
      name: 'job',
      title: 'Hire somebody for the repair bench',
      by: 'ines',
      begun: 14,
      dueInDays: 28,
      estimatedHours: 20,
      assignees: ['ines'],
      moves: [[8, 'ines', 'in_progress']],
    },
    {
      title: 'Write the job description',
      by: 'ines',
      begun: 14,
      dueInDays: -7,
      estimatedHours: 2,
      actualHours: 2.5,
      assignees: ['ines'],
      partOf: 'job',
      moves: [
        [9, 'ines', 'in_review'],
        [8, 'demo', 'done'],
      ],
    },
    {
      title: 'Talk to the four candidates',
      by: 'ines',
      begun: 7,
      dueInDays: 5,
      estimatedHours: 6,
      assignees: ['ines', 'demo'],
      partOf: 'job',
      moves: [[2, 'ines', 'in_progress']],
      comments: [[2, 'ines', 'Two are done. The one from the bicycle shop knows our stoves already.']],
    },
    {
      title: 'Extend the contract of Omar',
      by: 'demo',
      begun: 6,
      dueInDays: 13,
      priority: 'high',
      estimatedHours: 1,
      assignees: ['demo'],
    },
    {
      title: 'Plan the holidays of the summer',
      by: 'ines',
      begun: 5,
      dueInDays: 35,
      priority: 'low',
      estimatedHours: 3,
      assignees: ['ines'],
    },
    {
      title: 'Prepare the onboarding of Fjordline Hotels',
      description: 'They rent forty tents for their summer camp, and want one invoice a month.',
      by: 'demo',
      begun: 4,
      dueInDays: 10,
      estimatedHours: 12,
      assignees: ['demo'],
      tags: ['customer'],
    },
    {
      title: 'Renew the insurance of the depot',
      by: 'demo',
      begun: 12,
      dueInDays: -2,
      estimatedHours: 2,
      actualHours: 3,
      assignees: ['demo'],
      tags: ['finance', 'safety'],
      moves: [
        [5, 'demo', 'in_progress'],
        [2, 'demo', 'done'],
      ],
    },
    {
      title: 'Pay the tax of the first quarter',
      by: 'demo',
      begun: 11,
      dueInDays: 21,
      priority: 'medium',
      estimatedHours: 2,
      assignees: ['demo'],
      tags: ['finance'],
    },
    {
      title: 'Archive the applications of last year',
      by: 'ines',
      begun: 13,
      priority: 'low',
      estimatedHours: 1,
      actualHours: 1,
      assignees: ['ines'],
      moves: [
        [6, 'ines', 'done'],
        [1, 'ines', 'archived'],
      ],
    },
  ],
};

export const projects: readonly StoryProject[] = [spring, depot, office];
