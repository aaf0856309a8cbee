import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import type { FileDownload } from '../../files/index.ts';
import { createTeam, removeMember, setOrganizationTier } from '../../tenancy/index.ts';
import {
  deactivate,
  dialects,
  storedFiles,
  testFile,
  TestClock,
  type TestFile,
  type TestMember,
} from '../../testing/index.ts';
import { anonymous } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import {
  type Attachment,
  AttachmentListInput,
  CommentAttachmentListInput,
  createComment,
  createTask,
  deleteAttachment,
  deleteTask,
  downloadAttachment,
  downloadByLink,
  getAttachment,
  getTask,
  listAttachments,
  listCommentAttachments,
  listTaskActivity,
  restoreAttachment,
  restoreTask,
  uploadAttachment,
  uploadToComment,
} from '../index.ts';

const minute = 60_000;
const megabyte = 1024 * 1024;

const contentOf = async ({ content }: FileDownload): Promise<string> => {
  if ('location' in content) throw new Error('A folder serves nothing itself.');
  return text(content.read());
};

const linkOf = ({ id, downloadUrl }: Attachment) => ({
  id,
  token: new URL(downloadUrl).searchParams.get('token') ?? '',
});

describe.each(dialects)('attachments on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  const suite = openSuite(dialect, { clock });
  let owner: TestMember;
  let member: TestMember;

  beforeAll(async () => {
    ({ owner } = suite);
    member = await suite.acme.addMember('member');
  });
  afterEach(() => suite.acme.settle());

  const aTask = (by = owner) => createTask(by.ctx(), { title: 'Count the crates' });
  const attach = async (id: string, file: TestFile = testFile(), by = owner) =>
    uploadAttachment(by.ctx(), { taskId: id }, file);
  const list = (id: string, by = owner) => listAttachments(by.ctx(), AttachmentListInput.parse({ taskId: id }));
  const bytesUsed = async () => {
    const read = readThroughSystemDoor(suite.platform.database, (db) =>
      db
        .selectFrom('attachment_totals')
        .select('bytes')
        .where('organization_id', '=', suite.acme.id)
        .executeTakeFirst(),
    );
    return (await read)?.bytes ?? 0;
  };
  const filesDuring = async (work: () => Promise<unknown>): Promise<number> => {
    const before = storedFiles(suite.platform).length;
    await work();
    return storedFiles(suite.platform).length - before;
  };

  it('keep a file with its name, type, size and hash', async () => {
    const task = await aTask();
    const used = await bytesUsed();
    const attachment = await attach(task.id, testFile('a,b\n1,2\n', { name: '../counts.csv', mediaType: 'text/csv' }));
    expect(attachment).toEqual({
      id: expect.any(String),
      entity: { type: 'task', id: task.id },
      fileName: 'counts.csv',
      mediaType: 'text/csv',
      size: 8,
      sha256: createHash('sha256').update('a,b\n1,2\n').digest('hex'),
      uploadedBy: expect.objectContaining({ id: owner.userId }),
      createdAt: expect.any(String),
      downloadUrl: expect.stringContaining(`/api/v1/attachments/${attachment.id}/download?token=`),
    });
    expect(await getAttachment(owner.ctx(), attachment)).toEqual(attachment);
    expect((await list(task.id)).data).toEqual([attachment]);
    expect(await contentOf(await downloadAttachment(owner.ctx(), attachment))).toBe('a,b\n1,2\n');
    expect(await bytesUsed()).toBe(used + 8);
    expect((await getTask(owner.ctx(), task)).version).toBe(1);
    const { data } = await listTaskActivity(owner.ctx(), { id: task.id, limit: 1, total: false });
    expect(data).toMatchObject([{ type: 'attachment.created', entity: { type: 'attachment', id: attachment.id } }]);
    const [path = ''] = storedFiles(suite.platform).filter((file) => file.endsWith(attachment.id));
    expect(readFileSync(path, 'utf8')).toBe('a,b\n1,2\n');
  });

  it('are sent so that no browser runs them', async () => {
    const page = testFile('<html><script>alert(1)</script>', { name: 'a.html' });
    const attachment = await attach((await aTask()).id, page);
    expect(attachment.mediaType).toBe('text/html');
    expect(await downloadAttachment(owner.ctx(), attachment)).toMatchObject({
      mediaType: 'application/octet-stream',
      disposition: expect.stringMatching(/^attachment; /),
    });
  });

  it('on a comment come from its author, and are listed with it', async () => {
    const task = await aTask();
    const comment = await createComment(member.ctx(), { taskId: task.id, body: 'See the photo' });
    const path = { taskId: task.id, commentId: comment.id };
    const attachment = await uploadToComment(member.ctx(), path, testFile());
    expect(attachment.entity).toEqual({ type: 'comment', id: comment.id });
    const foreign = testFile();
    await expect(uploadToComment(owner.ctx(), path, foreign)).rejects.toMatchObject({ code: 'permission_denied' });
    expect(foreign.isRead).toBe(false);
    const listed = await listCommentAttachments(owner.ctx(), CommentAttachmentListInput.parse(path));
    expect(listed.data.map(({ id }) => id)).toEqual([attachment.id]);
    expect((await list(task.id)).data).toEqual([]);
    const elsewhere = { taskId: (await aTask()).id, commentId: comment.id };
    for (const call of [
      uploadToComment(member.ctx(), elsewhere, testFile()),
      listCommentAttachments(owner.ctx(), CommentAttachmentListInput.parse(elsewhere)),
    ])
      await expect(call).rejects.toMatchObject({ code: 'comment_not_found' });
  });

  it('are not read when the caller may not attach them', async () => {
    const task = await aTask();
    const [viewer, developer] = [await suite.acme.addMember('viewer'), await suite.acme.addMember('developer')];
    for (const [by, id, code] of [
      [viewer, task.id, 'permission_denied'],
      [developer, task.id, 'task_not_found'],
      [owner, randomUUID(), 'task_not_found'],
    ] as const) {
      const file = testFile();
      await expect(attach(id, file, by)).rejects.toMatchObject({ code });
      expect(file.isRead).toBe(false);
    }
  });

  it('leave nothing when they are refused or break off', async () => {
    const task = await aTask();
    const used = await bytesUsed();
    const added = await filesDuring(async () => {
      const broken = testFile('x'.repeat(200_000), { fails: new Error('The client has gone.') });
      await expect(attach(task.id, broken)).rejects.toThrow('The client has gone.');
      const program = testFile(Buffer.from('4d5a900003', 'hex'), { name: 'holiday.png', mediaType: 'image/png' });
      await expect(attach(task.id, program)).rejects.toMatchObject({ code: 'media_type_refused' });
      // The task goes to the trash while the file arrives.
      const late = testFile();
      const slow: TestFile = {
        ...late,
        isRead: true,
        async receive(use) {
          await deleteTask(owner.ctx(), { id: task.id, permanent: false });
          return late.receive(use);
        },
      };
      await expect(attach(task.id, slow)).rejects.toMatchObject({ code: 'task_not_found' });
    });
    expect(added).toBe(0);
    expect(await bytesUsed()).toBe(used);
  });

  it('may be as large as the tier allows', async () => {
    const task = await aTask();
    await setOrganizationTier(anonymous(suite.platform), { organization: suite.acme.id, tier: 'free' });
    const ofMegabytes = (count: number) => testFile(Array.from({ length: count }, () => Buffer.alloc(megabyte, 'x')));
    await expect(attach(task.id, ofMegabytes(26))).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { max: 25 * megabyte },
    });
    expect((await attach(task.id, ofMegabytes(25))).size).toBe(25 * megabyte);
  });

  it('cannot pass the limit of all together, not even two at once', async () => {
    const task = await aTask();
    await setOrganizationTier(anonymous(suite.platform), { organization: suite.acme.id, tier: 'free' });
    const used = await bytesUsed();
    const setTotal = (bytes: number) =>
      writeThroughSystemDoor(anonymous(suite.platform), ({ db }) =>
        db.updateTable('attachment_totals').set({ bytes }).where('organization_id', '=', suite.acme.id).execute(),
      );
    await setTotal(1024 * megabyte - 1000);
    const added = await filesDuring(async () => {
      const results = await Promise.allSettled([1, 2].map(() => attach(task.id, testFile('x'.repeat(600)))));
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(results).toContainEqual(
        expect.objectContaining({
          reason: expect.objectContaining({
            code: 'limit_exceeded',
            details: expect.objectContaining({ limit: 'attachmentBytes', max: 1024 * megabyte }),
          }),
        }),
      );
    });
    expect(added).toBe(1);
    await setTotal(used + 600);
  });

  it('act once for an Idempotency-Key, which covers their content', async () => {
    const task = await aTask();
    const key = { idempotencyKey: randomUUID(), input: { id: task.id } };
    const send = (file: TestFile) => uploadAttachment(owner.ctx(key), { taskId: task.id }, file);
    const added = await filesDuring(async () => {
      const first = await send(testFile('one'));
      expect(await send(testFile('one'))).toEqual(first);
      await expect(send(testFile('another'))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
      await expect(send(testFile('one', { name: 'other.txt' }))).rejects.toMatchObject({
        code: 'idempotency_key_reused',
      });
    });
    expect(added).toBe(1);
    expect((await list(task.id)).data).toHaveLength(1);
  });

  it('are kept nowhere by a dry run', async () => {
    const task = await aTask();
    const ctx = owner.ctx({ dryRun: true });
    const file = testFile('x'.repeat(100_000));
    expect(await filesDuring(() => uploadAttachment(ctx, { taskId: task.id }, file))).toBe(0);
    expect(file.isRead).toBe(true);
    expect(ctx.outcome.dryRun?.events).toMatchObject([{ type: 'attachment.created' }]);
    expect((await list(task.id)).data).toEqual([]);
  });

  it('go to the trash and come back, by whoever uploaded them or may delete any', async () => {
    const task = await aTask();
    const attachment = await attach(task.id, testFile(), member);
    const other = await suite.acme.addMember('member');
    await expect(deleteAttachment(other.ctx(), attachment)).rejects.toMatchObject({
      code: 'permission_denied',
      details: { permission: 'attachment:delete_any' },
    });
    await expect(restoreAttachment(member.ctx(), attachment)).rejects.toMatchObject({ code: 'attachment_not_deleted' });
    await deleteAttachment(member.ctx(), attachment);
    for (const call of [getAttachment, downloadAttachment, deleteAttachment])
      await expect(call(owner.ctx(), attachment)).rejects.toMatchObject({ code: 'attachment_not_found' });
    expect((await list(task.id)).data).toEqual([]);
    await expect(restoreAttachment(other.ctx(), attachment)).rejects.toMatchObject({ code: 'permission_denied' });
    const restored = await restoreAttachment(owner.ctx(), attachment);
    expect(restored).toEqual({ ...attachment, downloadUrl: restored.downloadUrl });
    const { data } = await listTaskActivity(owner.ctx(), { id: task.id, limit: 2, total: false });
    expect(data.map(({ type }) => type)).toEqual(['attachment.restored', 'attachment.deleted']);
  });

  it('are gone while their task or comment is in the trash', async () => {
    const task = await aTask();
    const attachment = await attach(task.id);
    await deleteTask(owner.ctx(), { id: task.id, permanent: false });
    for (const call of [getAttachment, downloadAttachment, deleteAttachment, restoreAttachment])
      await expect(call(owner.ctx(), attachment)).rejects.toMatchObject({ code: 'attachment_not_found' });
    await restoreTask(owner.ctx(), task);
    expect(await getAttachment(owner.ctx(), attachment)).toEqual(attachment);
  });

  describe('a link', () => {
    it('works for whoever it was made for, for at most 15 minutes', async () => {
      const attachment = await attach((await aTask()).id);
      const made = clock.now();
      const link = linkOf(await getAttachment(owner.ctx(), attachment));
      expect(await contentOf(await downloadByLink(anonymous(suite.platform), link))).toBe('What the depot said.\n');
      clock.advance(9 * minute);
      await downloadByLink(anonymous(suite.platform), link);
      clock.advance(6 * minute + 1);
      await expect(downloadByLink(anonymous(suite.platform), link)).rejects.toMatchObject({
        code: 'download_link_refused',
      });
      clock.set(made);
    });

    it('is good for one attachment, and cannot be changed', async () => {
      const [one, other] = [await attach((await aTask()).id), await attach((await aTask()).id)];
      const { token } = linkOf(one);
      for (const wrong of [
        { id: other.id, token },
        { id: one.id, token: `${token}A` },
        { id: one.id, token: token.replace(/^./, 'A') },
        { id: one.id, token: 'nonsense' },
        { id: one.id, token: `${token}.x` },
      ])
        await expect(downloadByLink(anonymous(suite.platform), wrong)).rejects.toMatchObject({
          code: 'download_link_refused',
        });
    });

    it('ends with what its user may see', async () => {
      const team = await createTeam(owner.ctx(), { name: `Depot ${randomUUID()}` });
      const task = await createTask(owner.ctx(), { title: 'Hidden', teamId: team.id });
      const attachment = await attach(task.id);
      const [leaver, disabled] = [await suite.acme.addMember('member'), await suite.acme.addMember('member')];
      const [ofLeaver, ofDisabled] = [
        linkOf(await getAttachment(leaver.ctx(), attachment)),
        linkOf(await getAttachment(disabled.ctx(), attachment)),
      ];
      await removeMember(owner.ctx(), { organizationId: suite.acme.id, userId: leaver.userId });
      await deactivate(suite.platform, disabled.userId);
      for (const link of [ofLeaver, ofDisabled])
        await expect(downloadByLink(anonymous(suite.platform), link)).rejects.toMatchObject({
          code: 'permission_denied',
        });
      await deleteTask(owner.ctx(), { id: task.id, permanent: false });
      await expect(downloadByLink(anonymous(suite.platform), linkOf(attachment))).rejects.toMatchObject({
        code: 'attachment_not_found',
      });
    });
  });
});
