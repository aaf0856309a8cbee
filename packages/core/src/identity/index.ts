import { credentialTable } from './credential.entity.ts';
import { emailChangeTable } from './email-change.entity.ts';
import { confirmEmailMail, emailChangeUndoneMail, undoEmailMail } from './mail/email-change.mails.ts';
import type { MailTemplate } from './mail/mail.job.ts';
import {
  passwordChangedMail,
  resetPasswordMail,
  secondFactorResetMail,
  verificationMail,
} from './mail/account.mails.ts';
import { oidcTables } from './oidc/oidc.entity.ts';
import { passkeyTable } from './passkeys/passkey.entity.ts';
import { refreshTokenTable, sessionTable } from './session.entity.ts';
import { sessionEvents } from './session.events.ts';
import { signInChallengeTable } from './second-factor/challenge.entity.ts';
import { recoveryCodeTable, totpTable } from './second-factor/totp.entity.ts';
import { throttleTable } from './throttle.entity.ts';
import { userTable } from './user.entity.ts';
import { userEvents } from './user.events.ts';

export * from './auth.schema.ts';
export { logout, refresh, signedIn } from './auth.service.ts';
export { authenticate, cacheAgeMs, type Identity, type PresentedApiKey } from './authenticate.ts';
export { invalidToken, makeAccountToken, provesAccount, readAccountToken } from './account-token.ts';
export { getUserAvatar, removeOwnAvatar, setOwnAvatar } from './avatar.service.ts';
export { emailChangeUndoing, type UndoneChange } from './email-change.additions.ts';
export { changeEmail, confirmEmail, undoEmailChange } from './email-change.service.ts';
export { instancePermission, requireInstanceAdmin, setInstanceAdmin } from './instance-admin.ts';
export { activateUser, deactivateUser, endSessionsOfUser, getUserOfInstance, listUsers } from './instance-users.ts';
export { mac } from './keys.ts';
export { loginErrors, openLogin, proveLogin, type ProvenLogin } from './login.service.ts';
export { mailHandler, mailJob, type MailTemplate } from './mail/mail.job.ts';
export { createMailbox } from './mail/mailbox.ts';
export type { Mailer } from './mail/mailer.ts';
export { type Block, callWith, greetingOf, inert, writeMail } from './mail/message.ts';
export { createSmtpMailer, type SmtpSettings } from './mail/smtp.ts';
export { resetTokenFor, verificationTokenOf } from './mail/account.mails.ts';
export { identityHandlers, identitySchedules } from './maintenance.ts';
export { linkPerson, openSessionOfPerson, userOfPerson } from './oidc/account.service.ts';
export { beginFlow, findFlow, type OidcFlow, takeBinding, takeFlow } from './oidc/flow.service.ts';
export * from './oidc/identity.schema.ts';
export { listOidcIdentities, unlinkOidcIdentity } from './oidc/identity.service.ts';
export { instanceIssuers, isIssuerIdentifier, type OidcIssuer } from './oidc/issuer.ts';
export { endSessionsByLogoutToken, issuerOfLogoutToken, signOutUrl } from './oidc/logout.service.ts';
export { oidcErrors } from './oidc/oidc.errors.ts';
export * from './oidc/oidc.schema.ts';
export { type AuthorizationAnswer, claimAt, provePerson, type ProvenPerson } from './oidc/proof.ts';
export { oidcCallbackUrl, oidcLogoutUrl, providerOf, redirectTarget, withParameters } from './oidc/redirect-target.ts';
export { endOwnSession, listOwnSessions, logoutAll } from './own-sessions.ts';
export { changePassword, forgotPassword, resetPassword } from './password.service.ts';
export { openPasskeyLogin, provePasskeyLogin, startPasskeySignIn } from './passkeys/passkey-sign-in.service.ts';
export { getPasskey, listPasskeys } from './passkeys/passkey.queries.ts';
export { passkeyErrors } from './passkeys/passkey.record.ts';
export * from './passkeys/passkey.schema.ts';
export { addPasskey, deletePasskey, enablePasskey, startPasskey, updatePasskey } from './passkeys/passkey.service.ts';
export { addPeople, type WholePerson } from './people.bulk.ts';
export { registerUser, resendVerification, verifyEmail } from './registration.service.ts';
export { challengeErrors } from './second-factor/challenge.ts';
export { proofErrors, proveIdentity } from './second-factor/proof.ts';
export * from './second-factor/second-factor.schema.ts';
export * from './second-factor/second-factor.service.ts';
export { resetSecondFactor, resetSecondFactorOf } from './second-factor/reset.service.ts';
export {
  confirmTotp,
  disableTotp,
  enableTotp,
  getSecondFactor,
  renewRecoveryCodes,
  startTotp,
  totpErrors,
} from './second-factor/totp.service.ts';
export { sessionErrors } from './session.record.ts';
export { LogoutAll, Session, SessionListInput, SessionsEnded } from './session.schema.ts';
export { endSessions, type OpenSession, setActiveOrganization } from './session.service.ts';
export { requireCaller, requireSignedIn, sessionLimits } from './signed-in.ts';
export type { OidcTransport, SignInTransport } from './transport.ts';
export { UserEntity } from './user.entity.ts';
export { getCurrentUser, getUser } from './user.queries.ts';
export { email, User, UserListInput, UserPath, UserUpdate } from './user.schema.ts';
export { userErrors } from './user.record.ts';
export { updateCurrentUser } from './user.service.ts';

/** The events of this context. All are in the instance's own stream. */
export const identityEvents = [userEvents, sessionEvents];

export const identityTables = [
  userTable,
  credentialTable,
  sessionTable,
  refreshTokenTable,
  throttleTable,
  emailChangeTable,
  ...oidcTables,
  totpTable,
  recoveryCodeTable,
  signInChallengeTable,
  passkeyTable,
];

/** The mails of this context, by template name. */
export const identityMails: Readonly<Record<string, MailTemplate>> = {
  verify_email: verificationMail,
  reset_password: resetPasswordMail,
  password_changed: passwordChangedMail,
  second_factor_reset: secondFactorResetMail,
  confirm_email: confirmEmailMail,
  undo_email: undoEmailMail,
  email_change_undone: emailChangeUndoneMail,
};
