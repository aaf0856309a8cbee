import { describe, expect, it } from 'vitest';
import { indexWords, searchWords } from './search-words.ts';

const finds = (text: string, search: string): boolean => {
  const words = indexWords(text);
  return searchWords(search).every((wanted) => words.some((word) => word.startsWith(wanted)));
};

const sentences = [
  '明天下午的会议记录',
  '请在星期五之前完成北京大学生物系的预算报告',
  '東京都に住んでいる顧客への請求書をｺﾝﾋﾟｭｰﾀｰで作る',
  'ประชุมทีมขายพรุ่งนี้เช้าดื่มน้ำสะอาด',
  'កិច្ចប្រជុំនៅថ្ងៃស្អែក',
  'ກອງປະຊຸມມື້ອື່ນ',
  'မနက်ဖြန်အစည်းအဝေး',
];

describe('words of a search', () => {
  it.each(sentences)('find every part of %s', (sentence) => {
    const letters = sentence.normalize('NFKC').match(/.\p{M}*/gsu) ?? [];
    for (let from = 0; from < letters.length; from++)
      for (let to = from + 1; to <= letters.length; to++) {
        const part = letters.slice(from, to).join('');
        expect(finds(sentence, part), `part ${part}`).toBe(true);
        expect(finds(sentence, part.normalize('NFD')), `part ${part}`).toBe(true);
      }
  });

  it('are cut by words, so that they need not be beside each other', () => {
    expect(searchWords('下午会议')).toEqual(['下午', '会议']);
    expect(searchWords('ประชุมพรุ่งนี้').length).toBeGreaterThan(1);
    expect(searchWords('Ｃafé, café')).toEqual(['cafe']);
    expect(searchWords('"*" --')).toEqual([]);
  });

  it('are well-formed, however long they are', () => {
    const long = `${'x'.repeat(63)}\u{1d7ce}${'\u{1e922}'.repeat(100)}`;
    for (const word of [...indexWords(long), ...searchWords(long)]) expect(word.isWellFormed()).toBe(true);
    expect(finds(long, long)).toBe(true);
  });

  it('are found in the longest text', () => {
    const text = `${Array.from({ length: 49_990 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_900))).join('')}会议`;
    expect(finds(text, '会议')).toBe(true);
  });
});
