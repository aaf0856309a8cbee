import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireSignUp } from '../../identity/registration.service.ts';
import { createHosts, type Hosts } from '../../testing/hosts.ts';
import { dialects, TestClock } from '../../testing/index.ts';
import { anonymous, codeOf, newEmail, password } from '../../testing/people.ts';
import { registerInvited } from '../invitations/invitation.answer.ts';
import { invitationMail } from '../invitations/invitation.mail.ts';
import { register } from './auth.service.ts';

describe.each(dialects)('who may create an account on %s', (dialect) => {
  let hosts: Hosts;

  beforeAll(async () => {
    hosts = await createHosts(dialect, new TestClock());
  });
  afterAll(() => hosts.platform.dispose());

  /** Somebody without an account, at an installation with this setting. */
  const newcomer = (signUp: 'open' | 'invite' | 'closed') => {
    const ctx = anonymous(hosts.platform);
    return { ...ctx, settings: { ...ctx.settings, signUp } };
  };
  const registered = (signUp: 'open' | 'invite' | 'closed') =>
    codeOf(register(newcomer(signUp), { email: newEmail(), password }));
  const invited = async (signUp: 'open' | 'invite' | 'closed') => {
    const email = newEmail();
    await hosts.invite(email);
    const { invitations } = await hosts.traces();
    const invitationId = invitations.find((invitation) => invitation.email === email)?.id ?? '';
    const mail = await invitationMail(anonymous(hosts.platform), { invitationId });
    const token = /"token":"([^"]+)"/.exec(mail?.text ?? '')?.[1] ?? '';
    return codeOf(registerInvited(newcomer(signUp), { token, password }));
  };

  it('is everybody when signing up is open', async () => {
    expect((await register(newcomer('open'), { email: newEmail(), password })).user.isActive).toBe(true);
    expect(await invited('open')).toBe('passed');
  });

  it('is everybody who was invited when signing up needs an invitation', async () => {
    expect(await registered('invite')).toBe('sign_up_closed');
    expect(await invited('invite')).toBe('passed');
  });

  it('is nobody when signing up is closed', async () => {
    expect(await registered('closed')).toBe('sign_up_closed');
    expect(await invited('closed')).toBe('sign_up_closed');
  });

  it('is decided for issuers by whose they are', () => {
    const refused = (signUp: 'open' | 'invite' | 'closed', by: 'themselves' | 'organization') => {
      try {
        requireSignUp(newcomer(signUp), by);
        return false;
      } catch {
        return true;
      }
    };
    expect([refused('open', 'themselves'), refused('open', 'organization')]).toEqual([false, false]);
    expect([refused('invite', 'themselves'), refused('invite', 'organization')]).toEqual([true, false]);
    expect([refused('closed', 'themselves'), refused('closed', 'organization')]).toEqual([true, true]);
  });

  it('gives new organizations the usual tier of the installation', async () => {
    const person = { email: newEmail(), password, organizationName: 'Grand' };
    const ctx = anonymous(hosts.platform);
    const { organization } = await register({ ...ctx, settings: { ...ctx.settings, defaultTier: 'pro' } }, person);
    expect(organization).toMatchObject({ tier: 'pro' });
    expect((await register(ctx, { ...person, email: newEmail() })).organization).toMatchObject({ tier: 'free' });
  });
});
