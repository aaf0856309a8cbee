import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aProject } from './project.samples.ts';
import { aTask } from './task.samples.ts';

const uploader = (caller: Person): Person =>
  caller.can('attachment:create') ? caller : caller.organization.people.owner;

/** A file on a task that the caller sees: their own where they can have one. */
const anAttachment = async (caller: Person) =>
  uploader(caller).do('attachments.upload', { taskId: (await aTask(caller)).id });

async function aTrashedAttachment(caller: Person) {
  const { id } = await anAttachment(caller);
  await uploader(caller).do('attachments.delete', { id });
  return { id };
}

async function aComment(caller: Person) {
  const { id, title } = await aTask(caller);
  const comment = await uploader(caller).do('comments.create', { taskId: id, body: `About ${title}` });
  return { taskId: id, commentId: comment.id };
}

async function aCommentWithFile(caller: Person) {
  const path = await aComment(caller);
  await uploader(caller).do('attachments.uploadToComment', path);
  return path;
}

async function aProjectWithFile(caller: Person) {
  const { id } = await aProject(caller);
  await caller.organization.people.owner.do('attachments.uploadToProject', { projectId: id });
  return { projectId: id };
}

async function aLink(caller: Person) {
  const { id, downloadUrl } = await anAttachment(caller);
  return { id, token: new URL(downloadUrl).searchParams.get('token') ?? '' };
}

export default samplesOf('attachments', {
  list: { input: async (caller) => ({ taskId: (await anAttachment(caller)).entity.id }) },
  listOfComment: { input: aCommentWithFile },
  listOfProject: { input: aProjectWithFile },
  upload: { input: async (caller) => ({ taskId: (await aTask(caller)).id }) },
  uploadToComment: { input: aComment },
  uploadToProject: { input: async (caller) => ({ projectId: (await aProject(caller)).id }) },
  get: { input: async (caller) => ({ id: (await anAttachment(caller)).id }) },
  delete: { input: async (caller) => ({ id: (await anAttachment(caller)).id }) },
  restore: { input: aTrashedAttachment },
  download: { input: async (caller) => ({ id: (await anAttachment(caller)).id }) },
  downloadByLink: { input: aLink },
});
