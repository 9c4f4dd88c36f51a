/**
 * Settings that hold for every git process of forge, whatever a repository says. Given by environment, they rank
 * above the mirror's own config file.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.attributesFile': '/dev/null',
  'credential.helper': '',
  'protocol.allow': 'never',
  'protocol.http.allow': 'always',
  'protocol.https.allow': 'always',
  'http.followRedirects': 'initial',
  // A transfer slower than a byte a second for a minute is dead; a server that thinks sends keep-alives.
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '60',
  'transfer.fsckObjects': 'true',
  'fetch.fsckObjects': 'true',
  // Old, harmless slips that real histories hold; they would keep forge out of those repositories for good.
  'fetch.fsck.zeroPaddedFilemode': 'ignore',
  'fetch.fsck.missingSpaceBeforeDate': 'ignore',
  'fetch.fsck.badTimezone': 'ignore',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
  'diff.ignoreSubmodules': 'all',
};

/** What a machine's owner sets to let programs reach the network; the lower-case forms are what curl reads. */
const PASSED_ON = [
  'PATH',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
];

/**
 * The whole environment of a git process: nothing is inherited but PATH, certificate authorities and proxies, and no
 * file outside the named repository is read as configuration. `emptyDir` serves as HOME. System-wide git settings
 * are lost with that, a private certificate authority among them: GIT_SSL_CAINFO is the way to name one.
 */
export function gitEnvironment(
  emptyDir: string,
  gitDir: string,
  inherited: NodeJS.ProcessEnv,
): Record<string, string> {
  const environment: Record<string, string> = {
    HOME: emptyDir,
    LC_ALL: 'C',
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_COUNT: String(Object.keys(SETTINGS).length),
  };
  Object.entries(SETTINGS).forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  for (const name of PASSED_ON) {
    const value = inherited[name];
    if (value !== undefined && value !== '') environment[name] = value;
  }
  return environment;
}
