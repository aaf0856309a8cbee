import { demoLogin } from './demo/account.ts';

/** How to sign in: with the password that was just made, with the one of the first start, or, without a demo, with an account of one's own. */
type SignIn = { password: string } | 'demo' | 'own account';

const reset = 'npx tenon demo reset-password';

function signInLines(url: string, signIn: SignIn): string {
  if (signIn === 'own account')
    return `    Sign in    make an account: POST ${url}/api/v1/auth/register, as the README shows\n`;
  const login = `    Login      ${demoLogin}\n`;
  if (signIn === 'demo') return `${login}               The first start showed the password. A new one: ${reset}\n`;
  return `${login}    Password   ${signIn.password}\n\n  The password is shown this once. A new one: ${reset}\n`;
}

/** The last thing that a start in development prints: where the server listens, and how to sign in. */
export const welcomeText = (url: string, signIn: SignIn): string => `
  Tenon is running${signIn === 'own account' ? '' : ', with a demo organization to try it on'}.

    URL        ${url}
    API docs   ${url}/docs
${signInLines(url, signIn)}
`;
