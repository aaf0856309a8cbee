export { type Avatar, avatarLimits } from './avatar.ts';
export { type Download, type FileDownload, type GeneratedDownload, openDownload } from './download.ts';
export { attachmentDisposition } from './file-name.ts';
export { type ByteRange, type FileStore, unfinished } from './file-store.ts';
export { fileErrors } from './file.errors.ts';
export { openFileStore } from './open-store.ts';
export { type IncomingFile, type ReceivedFile, receiveFile, type SentFile } from './receive.ts';
