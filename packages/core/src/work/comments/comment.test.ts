import { beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { createOrganization, dialects, TestClock, type TestMember } from '../../testing/index.ts';
import { anonymous, codeOf, codesOf } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import { createTask, deleteTask, listTaskActivity, TaskActivityInput } from '../index.ts';
import { mentionedIn } from './comment.mentions.ts';
import { getComment, listComments } from './comment.queries.ts';
import { Comment, CommentListInput } from './comment.schema.ts';
import { createComment, deleteComment, restoreComment, updateComment } from './comment.service.ts';

const day = 86_400_000;

describe.each(dialects)('comments on %s', (dialect) => {
  const clock = new TestClock();
  const suite = openSuite(dialect, { clock });
  let member: TestMember;
  let other: TestMember;
  let manager: TestMember;

  beforeAll(async () => {
    member = await suite.acme.addMember('member');
    other = await suite.acme.addMember('member');
    manager = await suite.acme.addMember('manager');
  });

  const task = async () => (await createTask(suite.owner.ctx(), { title: 'Paint the hall' })).id;
  const comment = async (by: TestMember, id: string, body = 'White?', parentId: string | null = null) => {
    const created = await createComment(by.ctx(), { taskId: id, body, parentId });
    return { taskId: id, commentId: created.id };
  };
  const bodies = async (id: string) =>
    (await listComments(member.ctx(), CommentListInput.parse({ taskId: id, total: true }))).data.map(
      ({ body }) => body,
    );
  const eventsOf = async (id: string) =>
    (await listTaskActivity(suite.owner.ctx(), TaskActivityInput.parse({ id }))).data.filter(({ type }) =>
      type.startsWith('comment.'),
    );
  const purge = () => suite.runJob('comments.purge');

  it('are changed by their author alone', async () => {
    const path = await comment(member, await task());
    clock.advance(1000);
    const changed = await updateComment(member.ctx(), { ...path, body: 'Blue?' });
    expect(Comment.parse(changed)).toEqual(changed);
    expect(changed).toMatchObject({ body: 'Blue?', version: 2, editedAt: clock.now().toISOString() });
    expect(await getComment(other.ctx(), path)).toEqual(changed);
    for (const somebody of [other, manager, suite.owner])
      expect(await codeOf(updateComment(somebody.ctx(), { ...path, body: 'Red?' }))).toBe('permission_denied');
    expect(await getComment(other.ctx(), path)).toEqual(changed);
  });

  it('stay as they are when the text stays', async () => {
    const path = await comment(member, await task());
    clock.advance(1000);
    expect(await updateComment(member.ctx(), { ...path, body: 'White?' })).toMatchObject({
      version: 1,
      editedAt: null,
    });
    expect(await eventsOf(path.taskId)).toHaveLength(1);
  });

  it('are changed and deleted in the version that was read', async () => {
    const path = await comment(member, await task());
    const stale = { ifMatch: [2] };
    expect(await codeOf(updateComment(member.ctx(stale), { ...path, body: 'Blue?' }))).toBe('version_conflict');
    expect(await codeOf(deleteComment(member.ctx(stale), path))).toBe('version_conflict');
    await deleteComment(member.ctx({ ifMatch: [1] }), path);
    expect(await codeOf(restoreComment(member.ctx({ ifMatch: [1] }), path))).toBe('version_conflict');
    expect(await restoreComment(member.ctx({ ifMatch: [2] }), path)).toMatchObject({ version: 3 });
  });

  it('are deleted and restored by their author, and by who may delete all', async () => {
    const id = await task();
    const path = await comment(member, id);
    expect(await codeOf(deleteComment(other.ctx(), path))).toBe('permission_denied');
    await deleteComment(member.ctx(), path);
    expect(await codeOf(getComment(member.ctx(), path))).toBe('comment_not_found');
    expect(await codeOf(updateComment(member.ctx(), { ...path, body: 'Blue?' }))).toBe('comment_not_found');
    expect(await codeOf(deleteComment(member.ctx(), path))).toBe('comment_not_found');
    expect(await codeOf(restoreComment(other.ctx(), path))).toBe('permission_denied');
    expect(await restoreComment(manager.ctx(), path)).toMatchObject({ body: 'White?', author: { id: member.userId } });
    expect(await codeOf(restoreComment(manager.ctx(), path))).toBe('comment_not_deleted');
    await deleteComment(manager.ctx(), path);
    expect(await bodies(id)).toEqual([]);
  });

  it('record what happens to them under the task, which keeps its version', async () => {
    const id = await task();
    const path = await comment(member, id);
    await updateComment(member.ctx(), { ...path, body: 'Blue?' });
    await deleteComment(member.ctx(), path);
    await restoreComment(member.ctx(), path);
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual([
      'comment.restored',
      'comment.deleted',
      'comment.updated',
      'comment.created',
    ]);
    expect(events[2]).toMatchObject({ changes: { body: { from: 'White?', to: 'Blue?' } }, data: { version: 2 } });
    expect(events[3]).toMatchObject({ data: { body: 'White?', mentionIds: [], parentId: null } });
  });

  it('answer a comment of the same task that is no answer itself', async () => {
    const [id, elsewhere] = [await task(), await task()];
    const top = await comment(member, id);
    const reply = await comment(other, id, 'Yes.', top.commentId);
    expect(await getComment(member.ctx(), reply)).toMatchObject({ parentId: top.commentId });
    const answering = (taskId: string, parentId: string) => comment(member, taskId, 'Why?', parentId);
    await expect(answering(elsewhere, top.commentId)).rejects.toMatchObject({
      code: 'comment_not_found',
      details: { field: ['parentId'] },
    });
    expect(await codeOf(answering(id, reply.commentId))).toBe('comment_is_reply');
    await deleteComment(member.ctx(), top);
    expect(await codeOf(answering(id, top.commentId))).toBe('comment_not_found');
  });

  it('hide their answers while they are in the trash', async () => {
    const id = await task();
    const top = await comment(member, id);
    const [reply, gone] = [
      await comment(other, id, 'Yes.', top.commentId),
      await comment(other, id, 'No.', top.commentId),
    ];
    await deleteComment(other.ctx(), gone);
    await deleteComment(member.ctx(), top);
    expect(await bodies(id)).toEqual([]);
    expect(await codeOf(getComment(other.ctx(), reply))).toBe('comment_not_found');
    expect(await codeOf(updateComment(other.ctx(), { ...reply, body: 'No.' }))).toBe('comment_not_found');
    expect(await codeOf(deleteComment(other.ctx(), reply))).toBe('comment_not_found');
    expect(await codeOf(restoreComment(other.ctx(), gone))).toBe('parent_deleted');
    await restoreComment(member.ctx(), top);
    expect(await bodies(id)).toEqual(['Yes.', 'White?']);
    expect(await restoreComment(other.ctx(), gone)).toMatchObject({ body: 'No.' });
  });

  it('are deleted for ever after 30 days, with their answers', async () => {
    const id = await task();
    const [old, kept] = [await comment(member, id), await comment(member, id, 'Kept')];
    await comment(other, id, 'Yes.', old.commentId);
    await deleteComment(member.ctx(), old);
    clock.advance(day);
    await deleteComment(member.ctx(), kept);
    clock.advance(29 * day);
    expect(await codeOf(restoreComment(member.ctx(), old))).toBe('comment_not_found');
    await purge();
    const [purged, ...others] = (await eventsOf(id)).filter(({ type }) => type === 'comment.purged');
    expect(others).toEqual([]);
    expect(purged).toMatchObject({ actor: null, entity: { id: old.commentId }, data: { version: 2 } });
    const rows = await writeThroughSystemDoor(anonymous(suite.platform), ({ db }) =>
      db.selectFrom('comments').select('body').where('task_id', '=', id).execute(),
    );
    expect(rows).toEqual([{ body: 'Kept' }]);
  });

  it('of a task in the trash are invisible', async () => {
    const path = await comment(member, await task());
    await deleteTask(suite.owner.ctx(), { id: path.taskId, permanent: false });
    const refused = await codesOf([
      getComment(member.ctx(), path),
      updateComment(member.ctx(), { ...path, body: 'Blue?' }),
      deleteComment(member.ctx(), path),
      restoreComment(member.ctx(), path),
      comment(member, path.taskId),
    ]);
    expect(refused).toEqual(['task_not_found']);
  });

  describe('mention', () => {
    const nameOf = ({ email }: TestMember) => `@${email.slice(0, email.indexOf('@'))}`;
    const mentions = async (body: string, id?: string) =>
      (await createComment(member.ctx(), { taskId: id ?? (await task()), body })).mentions.map((person) => person.id);

    it('members in any case, once, in the order of the text', async () => {
      const [one, two] = [nameOf(other), nameOf(manager)];
      expect(await mentions(`${two.toUpperCase()} and ${one}, (${two}).`)).toEqual([manager.userId, other.userId]);
      const path = await comment(member, await task(), `Ask ${one}`);
      expect(await getComment(member.ctx(), path)).toMatchObject({
        mentions: [{ id: other.userId, username: one.slice(1) }],
      });
      expect(await updateComment(member.ctx(), { ...path, body: `Ask ${two}` })).toMatchObject({
        mentions: [{ id: manager.userId }],
      });
      const { data } = await listComments(member.ctx(), CommentListInput.parse({ taskId: path.taskId }));
      expect(data[0]?.mentions).toEqual([expect.objectContaining({ id: manager.userId })]);
    });

    it('nobody of another organization, nobody unknown and nobody who does not see the task', async () => {
      const stranger = (await createOrganization(suite.platform)).owner;
      const developer = await suite.acme.addMember('developer');
      const names = [nameOf(stranger), nameOf(developer), '@nobody-has-this-name', `x${nameOf(other)}`];
      expect(await mentions(names.join(' '))).toEqual([]);
      const { id } = await createTask(suite.owner.ctx(), { title: 'Theirs', assigneeIds: [developer.userId] });
      expect(await mentions(names.join(' '), id)).toEqual([developer.userId]);
    });
  });
});

describe('the usernames in a text', () => {
  it.each([
    ['Ask @ada, @Grace_H and (@alan-t)!', [['ada'], ['grace_h'], ['alan-t']]],
    ['At the end: @ada.', [['ada.', 'ada']]],
    ['ada@example.com, a.@ada and @@ada', []],
    ['@ab is too short and @' + 'a'.repeat(41) + ' too long', []],
    ['@ada @ADA', [['ada']]],
  ])('%s', (body, names) => {
    expect(mentionedIn(body)).toEqual(names);
  });

  it('are at most 50', () => {
    const body = Array.from({ length: 60 }, (_, index) => `@person-${index}`).join(' ');
    expect(mentionedIn(body)).toHaveLength(50);
    expect(mentionedIn(body).at(-1)).toEqual(['person-49']);
  });
});
