import { beforeAll, describe, expect, it } from 'vitest';
import { dialects, storedFiles, testFile, TestClock, type TestMember } from '../../testing/index.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import { ActivityListInput, listActivity } from '../../activity/index.ts';
import {
  addProjectMember,
  type Attachment,
  createProject,
  createTask,
  deleteAttachment,
  deleteProject,
  deleteTask,
  downloadByLink,
  getAttachment,
  getProject,
  getTask,
  listProjectAttachments,
  listProjects,
  listTasks,
  ProjectAttachmentListInput,
  ProjectListInput,
  restoreAttachment,
  restoreProject,
  TaskListInput,
  updateProject,
  uploadAttachment,
  uploadToProject,
} from '../index.ts';

const linkOf = ({ id, downloadUrl }: Attachment) => ({
  id,
  token: new URL(downloadUrl).searchParams.get('token') ?? '',
});

describe.each(dialects)('attachments of projects on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  const suite = openSuite(dialect, { clock });
  let manager: TestMember;
  let member: TestMember;
  beforeAll(async () => {
    manager = await suite.acme.addMember('manager');
    member = await suite.acme.addMember('member');
  });

  let count = 0;
  const aProject = () => createProject(manager.ctx(), { key: `F${++count}`, name: 'Hall' });
  const attach = (id: string, by = manager) => uploadToProject(by.ctx(), { projectId: id }, testFile());
  const list = async (id: string, by = manager) =>
    (await listProjectAttachments(by.ctx(), ProjectAttachmentListInput.parse({ projectId: id }))).data;

  it('come from whoever may change the project, and leave its version', async () => {
    const { id, version } = await aProject();
    const attachment = await attach(id);
    expect(attachment).toMatchObject({ entity: { type: 'project', id }, uploadedBy: { id: manager.userId } });
    expect(await getAttachment(member.ctx(), attachment)).toMatchObject({ entity: { type: 'project', id } });
    expect((await list(id, member)).map((one) => one.id)).toEqual([attachment.id]);
    expect(await getProject(member.ctx(), { id })).toMatchObject({ version });
    const { data } = await listActivity(member.ctx(), ActivityListInput.parse({ entityId: id, limit: 1 }));
    expect(data).toMatchObject([{ type: 'attachment.created', parent: { type: 'project', id } }]);
    const refused = testFile();
    await expect(uploadToProject(member.ctx(), { projectId: id }, refused)).rejects.toMatchObject({
      code: 'permission_denied',
      details: { permission: 'project:update' },
    });
    expect(refused.isRead).toBe(false);
  });

  it('go to the trash and come back', async () => {
    const { id } = await aProject();
    const attachment = await attach(id);
    expect(await codeOf(deleteAttachment(member.ctx(), attachment))).toBe('permission_denied');
    await deleteAttachment(manager.ctx(), attachment);
    expect(await codeOf(getAttachment(manager.ctx(), attachment))).toBe('attachment_not_found');
    expect(await list(id)).toEqual([]);
    expect(await restoreAttachment(suite.owner.ctx(), attachment)).toMatchObject({ id: attachment.id });
    expect(await list(id)).toHaveLength(1);
    const { data } = await listActivity(member.ctx(), ActivityListInput.parse({ entityId: id, limit: 2 }));
    expect(data.map(({ type }) => type)).toEqual(['attachment.restored', 'attachment.deleted']);
  });

  it('are seen by those who see the project, also by a link that they have', async () => {
    const { id } = await aProject();
    const { id: attachmentId } = await attach(id);
    const found = await getAttachment(member.ctx(), { id: attachmentId });
    await updateProject(manager.ctx(), { id, visibility: 'private' });
    const seen = async (by: TestMember) => [
      await codeOf(getAttachment(by.ctx(), found)),
      await codeOf(list(id, by)),
      (await listActivity(by.ctx(), ActivityListInput.parse({ entityId: id }))).data.length > 0,
    ];
    expect(await seen(member)).toEqual(['attachment_not_found', 'project_not_found', false]);
    expect(await codeOf(downloadByLink(anonymous(suite.platform), linkOf(found)))).toBe('attachment_not_found');
    const stranger = await suite.acme.addMember('manager');
    expect(await codeOf(attach(id, stranger))).toBe('project_not_found');
    expect(await codeOf(deleteAttachment(stranger.ctx(), found))).toBe('attachment_not_found');
    expect(await seen(suite.owner)).toEqual(['passed', 'passed', true]);
    await addProjectMember(manager.ctx(), { projectId: id, userId: member.userId });
    expect(await seen(member)).toEqual(['passed', 'passed', true]);
    await downloadByLink(anonymous(suite.platform), linkOf(found));
  });

  it('are gone while the project is in the trash, and go with it', async () => {
    const { id } = await aProject();
    const attachment = await attach(id);
    await deleteProject(manager.ctx(), { id, permanent: false });
    for (const call of [getAttachment, deleteAttachment, restoreAttachment])
      expect(await codeOf(call(manager.ctx(), attachment))).toBe('attachment_not_found');
    expect(await codeOf(attach(id))).toBe('project_not_found');
    await restoreProject(manager.ctx(), { id });
    expect(await codeOf(getAttachment(manager.ctx(), attachment))).toBe('passed');
    await deleteProject(manager.ctx(), { id, permanent: true });
    expect(await codeOf(getAttachment(manager.ctx(), attachment))).toBe('attachment_not_found');
    expect(await codeOf(restoreAttachment(manager.ctx(), attachment))).toBe('attachment_not_found');
  });

  it('are purged after 30 days in the trash, with their files', async () => {
    const { id } = await aProject();
    const [kept, old] = [await attach(id), await attach(id)];
    await deleteAttachment(manager.ctx(), old);
    const began = clock.now();
    clock.advance(30 * 86_400_000);
    expect(await codeOf(restoreAttachment(manager.ctx(), old))).toBe('attachment_not_found');
    await suite.runJob('attachments.purge');
    clock.set(began);
    const isStored = (one: Attachment) => storedFiles(suite.platform).some((path) => path.endsWith(one.id));
    expect([kept, old].map(isStored)).toEqual([true, false]);
  });

  it('are counted on request, those of tasks with their tasks', async () => {
    const [{ id }, other] = [await aProject(), await aProject()];
    const task = await createTask(manager.ctx(), { title: 'Count the crates', projectId: id });
    await attach(id);
    await deleteAttachment(manager.ctx(), await attach(id));
    for (const _ of [1, 2]) await uploadAttachment(manager.ctx(), { taskId: task.id }, testFile());
    const include = ['attachmentCount' as const];
    expect(await getProject(member.ctx(), { id, include })).toMatchObject({ attachmentCount: 1 });
    expect(await getProject(member.ctx(), { id })).not.toHaveProperty('attachmentCount');
    const listed = await listProjects(member.ctx(), ProjectListInput.parse({ include, limit: 2 }));
    expect(listed.data.map((project) => [project.id, project.attachmentCount])).toEqual([
      [other.id, 0],
      [id, 1],
    ]);
    expect(await getTask(member.ctx(), { id: task.id, include })).toMatchObject({ attachmentCount: 2 });
    const ofTasks = async () =>
      (await listTasks(member.ctx(), TaskListInput.parse({ include, project: [id] }))).data.map(
        ({ attachmentCount }) => attachmentCount,
      );
    expect(await ofTasks()).toEqual([2]);
    await deleteTask(manager.ctx(), { id: task.id, permanent: false });
    expect(await ofTasks()).toEqual([]);
  });
});
