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

/** Sends a request without a cookie, and reads the whole answer. @throws an error with a message for people */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    throw new Error('The server could not be reached.');
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Some answers have no body, and a proxy may answer with a page.
    return {};
  }
}

/** Calls an operation. @throws an error with the members of the problem and a message for people */
async function call(operation, body) {
  const { status, text } = await post(`/api/v1/auth/${operation}`, body);
  const answer = parsed(text);
  if (status < 300) return answer;
  throw Object.assign(new Error(answer.detail ?? `The server answered ${status}.`), answer, { status });
}

/** Renews the session after some seconds, or not at all when nobody is signed in. */
function renewIn(seconds) {
  clearTimeout(renewal);
  if (session) renewal = setTimeout(() => void renew(), seconds * 1000);
}

function use(answer) {
  session = answer;
  // A minute before the access token expires. Servers may issue tokens that live no longer than that.
  if (session) renewIn(session.expiresIn - Math.min(60, session.expiresIn / 2));
  reference.updateConfiguration(configurationWith(session?.accessToken ?? ''));
  element('who').textContent = session ? session.user.fullName || session.user.email : '';
  element('open').hidden = session !== null;
  element('sign-out').hidden = session === null;
}

async function renew() {
  const used = session;
  try {
    const answer = await call('refresh', { refreshToken: used.refreshToken });
    // Somebody may have signed out meanwhile.
    if (session === used) use(answer);
  } catch ({ status = 503 }) {
    if (session !== used) return;
    // The server answers a token that it has exchanged for 10 seconds, so an answer that was lost can be asked for again.
    if (status >= 500 || status === 429) return renewIn(3);
    use(null);
    element('who').textContent = 'Your session has ended.';
  }
}

function askForCode(asked) {
  challenge = asked;
  const field = codeField.querySelector('input');
  codeField.hidden = asked === null;
  field.required = asked !== null;
  field.value = '';
  if (asked) field.focus();
}

/** Finishes a sign-in. Codes of an app have six digits, and recovery codes have more characters. */
const answerChallenge = (code) =>
  call('second-factor', {
    challengeToken: challenge,
    ...(/^\d{6}$/.test(code) ? { code } : { recoveryCode: code }),
    tokenTransport: 'body',
  });

/** Sends the name and the password, and then the code if that is asked for. */
async function signIn({ login, password, code }) {
  message.textContent = '';
  try {
    use(
      challenge
        ? await answerChallenge(code.replaceAll(/\s/g, ''))
        : await call('login', { login, password, tokenTransport: 'body' }),
    );
    dialog.close();
  } catch (error) {
    if (error.code === 'second_factor_required') askForCode(error.challenge.token);
    if (error.code === 'invalid_challenge') askForCode(null);
    message.textContent = error.message;
  }
}

async function signOut() {
  const { refreshToken } = session;
  use(null);
  await call('logout', { refreshToken }).catch((error) => {
    element('who').textContent = `You are signed out on this page only. ${error.message}`;
  });
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
