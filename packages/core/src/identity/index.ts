import { credentialTable } from './credential.entity.ts';
import { emailChangeTable } from './email-change.entity.ts';
import { confirmEmailMail, undoEmailMail } from './mail/email-change.mails.ts';
import type { MailTemplate } from './mail/mail.job.ts';
import { passwordChangedMail, resetPasswordMail } from './mail/password.mails.ts';
import { verificationMail } from './mail/verification.mail.ts';
import { refreshTokenTable, sessionTable } from './session.entity.ts';
import { throttleTable } from './throttle.entity.ts';
import { userTable } from './user.entity.ts';

export {
  ChangeEmail,
  ChangePassword,
  EmailToken,
  ForgotPassword,
  Login,
  Logout,
  MailSent,
  Refresh,
  registrationFields,
  ResendVerification,
  ResetPassword,
  SignedIn,
  VerifiedEmail,
  VerifyEmail,
} from './auth.schema.ts';
export { logout, refresh, signedIn } from './auth.service.ts';
export { authenticate, cacheAgeMs, type Identity, type PresentedApiKey } from './authenticate.ts';
export { changeEmail, confirmEmail, undoEmailChange } from './email-change.service.ts';
export { instancePermission, requireInstanceAdmin, setInstanceAdmin } from './instance-admin.ts';
export { activateUser, deactivateUser, endSessionsOfUser, getUserOfInstance, listUsers } from './instance-users.ts';
export { mac } from './keys.ts';
export { loginErrors, openLogin, proveLogin } from './login.service.ts';
export { mailHandler, mailJob, type MailTemplate } from './mail/mail.job.ts';
export { createMailbox } from './mail/mailbox.ts';
export type { Mail, Mailer } from './mail/mailer.ts';
export { callWith, writeMail } from './mail/message.ts';
export { createSmtpMailer, type SmtpSettings } from './mail/smtp.ts';
export { identityHandlers, identitySchedules } from './maintenance.ts';
export { endOwnSession, listOwnSessions, logoutAll, sessionErrors } from './own-sessions.ts';
export { changePassword, forgotPassword, resetPassword } from './password.service.ts';
export { RecentCache } from './recent-cache.ts';
export { registerUser, resendVerification, verificationTokenOf, verifyEmail } from './registration.service.ts';
export { LogoutAll, Session, SessionId, SessionListInput, SessionPage, SessionsEnded } from './session.schema.ts';
export { setActiveOrganization } from './session.service.ts';
export { requireSignedIn } from './signed-in.ts';
export type { SignInTransport } from './transport.ts';
export { UserEntity } from './user.entity.ts';
export { getCurrentUser, getUser } from './user.queries.ts';
export { email, User, UserListInput, UserPage, UserPath, UserUpdate } from './user.schema.ts';
export { keyOf, updateCurrentUser, userErrors } from './user.service.ts';

export const identityTables = [
  userTable,
  credentialTable,
  sessionTable,
  refreshTokenTable,
  throttleTable,
  emailChangeTable,
];

/** The mails of this context, by their template. */
export const identityMails: Readonly<Record<string, MailTemplate>> = {
  verify_email: verificationMail,
  reset_password: resetPasswordMail,
  password_changed: passwordChangedMail,
  confirm_email: confirmEmailMail,
  undo_email: undoEmailMail,
};
