import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read } from '../../database/read-door.ts';
import { createOrganization, createTestPlatform, dialects, type TestPlatform } from '../../testing/index.ts';
import { createTask, listTasks, TaskListInput } from '../index.ts';
import { searchFor } from './task-search.ts';

/** What is written, what finds it, and what does not. */
const cases: readonly [written: string, finding: readonly string[], others: readonly string[]][] = [
  // Indic vowels are marks, and tell words apart.
  ['दान दीजिए', ['दान', 'दा', 'दीजिए'], ['दिन', 'दन', 'द न']],
  ['দিন শেষ', ['দিন', 'শেষ'], ['দান', 'দীন']],
  ['வாரம் முடிவு', ['வாரம்', 'வா'], ['வரம்']],
  ['ക്‍ഷമ', ['ക്ഷമ'], ['കഷമ']],
  // Chinese.
  [
    '明天下午的会议记录',
    ['会议', '会议记录', '下午会议', '记录', '议', '午的会', '明天下午的会议记录'],
    ['会记', '会议室'],
  ],
  [
    '请在星期五之前完成北京大学生物系的预算报告',
    ['北京', '大学生', '生物', '预算', '大学', '前完成北'],
    ['京北', '上海'],
  ],
  ['更新iPhone手机2024年の計画', ['iphone', '手机', '2024', '年', '計画', 'iPhone手机'], ['phone', '机手']],
  // Japanese, where words mix scripts, and widths differ.
  ['東京都に住んでいる顧客への請求書', ['東京', '京都', '住んで', '顧客', '請求書', '客への'], ['大阪', '客顧']],
  ['ｺﾝﾋﾟｭｰﾀｰの修理', ['コンピューター', 'ピュータ', '修理', 'ｺﾝﾋﾟｭｰﾀｰ'], ['コンビニ', 'ヒュータ']],
  // South-East Asia.
  ['ประชุมทีมขายพรุ่งนี้เช้า', ['ประชุม', 'ทีม', 'ขาย', 'พรุ่งนี้', 'ทีมขายพรุ่ง', 'ประชุมพรุ่งนี้'], ['ประกัน', 'ที่มา']],
  ['ดื่มน้ำสะอาด', ['น้ำ', 'สะอาด'], ['นำ']],
  ['កិច្ចប្រជុំនៅថ្ងៃស្អែក', ['ប្រជុំ', 'ថ្ងៃ', 'ស្អែក'], ['សប្តាហ៍']],
  ['ກອງປະຊຸມມື້ອື່ນ', ['ປະຊຸມ', 'ມື້ອື່ນ'], ['ວັນນີ້']],
  ['မနက်ဖြန်အစည်းအဝေး', ['အစည်းအဝေး', 'မနက်ဖြန်'], ['မနေ့က']],
  // Scripts with spaces: from the beginning of a word.
  ['프로젝트 회의록', ['회의', '프로'], ['젝트']],
  ['Über Ελληνικά ΚΌΣΜΟΣ Йод', ['uber', 'ελλη', 'κοσ', 'κοσμος', 'йод', 'Ｕｂｅｒ'], ['ber', 'σμος']],
  ['می‌خواهم مُحَمَّد שָׁלוֹם', ['محمد', 'خواهم', 'می خواهم', 'שלום'], ['حمد']],
  ['Donau\u00addampf e\u0301te\u0301', ['donaudampf', 'été'], ['dampf']],
  // Letters that are newer than the tables of the databases, and digits of other scripts.
  ['𞤀𞤣𞤤𞤢𞤥 𐓐𐓘𐓻𐓘', ['𞤢𞤣𞤤', '𐓸𐓘'], ['𞤣𞤤']],
];

describe.each(dialects)('search on %s', (dialect) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it.each(cases)('in %s', async (written, finding, others) => {
    const { owner } = await createOrganization(platform, 'Scripts');
    const find = async (search: string) =>
      (await listTasks(owner.ctx(), TaskListInput.parse({ search }))).data.map(({ id }) => id);
    const body = await createTask(owner.ctx(), { title: 'Other', description: written });
    const title = await createTask(owner.ctx(), { title: written });
    await createTask(owner.ctx(), { title: 'Neither' });

    for (const search of finding) expect(await find(search), `search ${search}`).toEqual([title.id, body.id]);
    for (const search of others) expect(await find(search), `search ${search}`).toEqual([]);
  });

  it('finds the last words of the longest texts', async () => {
    const { owner } = await createOrganization(platform, 'Long');
    const find = async (search: string) =>
      (await listTasks(owner.ctx(), TaskListInput.parse({ search }))).data.map(({ title }) => title);
    const fill = (length: number, next: (index: number) => string) =>
      Array.from({ length }, (_, index) => next(index))
        .join('')
        .slice(0, 49_900);
    const texts: [title: string, text: string, search: string][] = [
      ['words', `${fill(9000, (index) => `w${index} `)} lastword`, 'lastword'],
      // Each is different, so that nothing is left out as known.
      ['han', `${fill(49_900, (index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_900)))}終わり`, '終わり'],
      ['one word', `${fill(49_900, () => 'x')} 完了`, `${'x'.repeat(190)} 完了`],
      ['astral', `${fill(24_900, (index) => String.fromCodePoint(0x20000 + index))}完了`, '完了'],
      ['marks', `ก${fill(49_000, () => '\u0e34')}กา`, 'กา'],
    ];
    for (const [title, description] of texts) await createTask(owner.ctx(), { title, description });

    expect(await find('lastword')).toEqual(['words']);
    for (const [title, , search] of texts) expect(await find(search)).toContain(title);
  });

  it('finds nothing without a word', async () => {
    const { owner } = await createOrganization(platform, 'Many');
    await createTask(owner.ctx(), { title: 'Something' });
    expect(await listTasks(owner.ctx(), TaskListInput.parse({ search: '--- !' }))).toMatchObject({ data: [] });
  });

  it('looks for every word of the search', async () => {
    const { owner } = await createOrganization(platform, 'Many');
    const words = Array.from({ length: 50 }, (_, index) => `a${(index + 36).toString(36)}`);
    const { id } = await createTask(owner.ctx(), { title: 'All', description: words.join(' ') });
    await createTask(owner.ctx(), { title: 'Most', description: words.slice(0, -1).join(' ') });
    const { data } = await listTasks(owner.ctx(), TaskListInput.parse({ search: words.join(' ') }));
    expect(data.map((task) => task.id)).toEqual([id]);
    const han = '明天下午的会议记录请在星期五之前完成北京大学生物系的预算报告東京都に住んでいる顧客への請求書'.repeat(
      4,
    );
    await createTask(owner.ctx(), { title: 'Han', description: han });
    const long = await listTasks(owner.ctx(), TaskListInput.parse({ search: han.slice(0, 200) }));
    expect(long.data.map(({ title }) => title)).toEqual(['Han']);
  });

  it('reads all rows of one beginning at most, however many the search has', async () => {
    const { owner } = await createOrganization(platform, 'Beginnings');
    // More words than are looked up one by one.
    const wordsOf = (letter: string) =>
      Array.from({ length: 150 }, (_, index) => `${letter}${index.toString(36).padStart(2, '0')}`);
    await createTask(owner.ctx(), { title: 'Words', description: ['b', 'c', 'd'].flatMap(wordsOf).join(' ') });
    await createTask(owner.ctx(), { title: 'All', description: 'b99 c99 d99 rare' });
    await createTask(owner.ctx(), { title: 'Two', description: 'b98 c98 rare' });
    const page = (search: string, more = {}) =>
      listTasks(owner.ctx(), TaskListInput.parse({ search, total: true, ...more }));
    const found = async (search: string) => {
      const { data, total, totalExact } = await page(search);
      expect([total, totalExact], `search ${search}`).toEqual([data.length, true]);
      expect((await page(search, { sort: 'createdAt' })).data.toReversed()).toEqual(data);
      return data.map(({ title }) => title);
    };
    expect(await found('b c d')).toEqual(['All', 'Words']);
    expect(await found('b c d rare')).toEqual(['All']);
    expect(await found('b9 c')).toEqual(['Two', 'All']);
    expect(await found('c rare')).toEqual(['Two', 'All']);

    if (dialect === 'postgresql') return;
    const queryOf = (terms: string[]) => read(owner.ctx(), (db) => searchFor(db, terms));
    const beginnings = async (terms: string[]) => (await queryOf(terms))?.query.match(/\*/g)?.length ?? 0;
    expect(await beginnings(['b', 'c', 'd'])).toBe(1);
    expect(await beginnings(['b', 'c', 'd', 'rare'])).toBe(0);
  });
});
