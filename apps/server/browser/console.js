// What the page /docs runs, after the constant `configuration`. It shows the reference, signs people in, and has Scalar send their access
// token with every request. Both tokens live as long as the page.
/* global Scalar, configuration */

/** The configuration with this access token, or without one. */
const configurationWith = (token) => ({
  ...configuration,
  authentication: { preferredSecurityScheme: 'accessToken', securitySchemes: { accessToken: { token } } },
});

const reference = Scalar.createApiReference('#reference', configurationWith(''));

const element = (id) => document.getElementById(id);
const dialog = element('sign-in');
const form = dialog.querySelector('form');
const message = element('sign-in-message');
const codeField = element('code-field');

/** What the last sign-in or refresh answered, or null. */
let session = null;
let renewal;

/** What finishes the sign-in of somebody with a second factor, or null. */
let challenge = null;

/** Calls an operation without a cookie. @throws the problem, with its detail as the message */
async function call(operation, body) {
  const response = await fetch(`/api/v1/auth/${operation}`, {
    method: 'POST',
    credentials: 'omit',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { problem: answer });
  return answer;
}

function use(answer) {
  session = answer;
  clearTimeout(renewal);
  if (session) renewal = setTimeout(() => void renew(), (session.expiresIn - 60) * 1000);
  reference.updateConfiguration(configurationWith(session?.accessToken ?? ''));
  element('who').textContent = session ? session.user.fullName || session.user.email : '';
  element('open').hidden = session !== null;
  element('sign-out').hidden = session === null;
}

async function renew() {
  try {
    use(await call('refresh', { refreshToken: session.refreshToken }));
  } catch {
    use(null);
    element('who').textContent = 'Your session has ended.';
  }
}

function askForCode(asked) {
  challenge = asked;
  codeField.hidden = asked === null;
  codeField.querySelector('input').required = asked !== null;
}

/** Sends the name and the password, and then the code if that is asked for. */
async function signIn({ login, password, code }) {
  message.textContent = '';
  try {
    use(
      challenge
        ? await call('second-factor', { challengeToken: challenge, code })
        : await call('login', { login, password, tokenTransport: 'body' }),
    );
    dialog.close();
  } catch (error) {
    if (error.problem?.code === 'second_factor_required') askForCode(error.problem.challenge.token);
    if (error.problem?.code === 'invalid_challenge') askForCode(null);
    message.textContent = error.message;
  }
}

async function signOut() {
  const { refreshToken } = session;
  use(null);
  await call('logout', { refreshToken });
}

element('open').addEventListener('click', () => dialog.showModal());
element('cancel').addEventListener('click', () => dialog.close());
element('sign-out').addEventListener('click', () => void signOut());
dialog.addEventListener('close', () => {
  form.reset();
  message.textContent = '';
  askForCode(null);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn(Object.fromEntries(new FormData(form)));
});
