const MiB = 1024 ** 2;

/** GitHub refuses files above 100 MiB, so a larger one could never be published. */
export const MAX_BLOB_BYTES = 100 * MiB;
/** What all new file versions may come to when unpacked: a checkout for verification has to hold them. */
export const MAX_UNPACKED_BYTES = 1024 * MiB;
/** Above any change a person could review, below what makes index-pack and the checks take minutes. */
export const MAX_OBJECTS = 250_000;
/** Paths changed over all new commits; a tree that names itself a thousand times over stops here. */
export const MAX_CHANGED_PATHS = 200_000;
/** macOS's PATH_MAX: a longer one could not be checked out there. */
export const MAX_PATH_BYTES = 1024;
/** `.forge.yml` and the like are read whole; a real one has a few hundred bytes. */
export const MAX_SETTINGS_BYTES = 64 * 1024;
/** The tip file: an object id and a newline. */
export const MAX_TIP_BYTES = 128;
/** For lists of objects and paths that git prints: 250,000 lines of an id and a long path. */
export const MAX_LISTING_BYTES = 128 * MiB;
/**
 * The largest single allocation of a git process that reads what an agent made (GIT_ALLOC_LIMIT): a delta of a few
 * bytes can claim to unfold into gigabytes.
 */
export const MAX_ALLOCATION = '512m';

/** Local commands, those over a large pack included. */
export const LOCAL_DEADLINE_MS = 5 * 60_000;
/** A checkout of a large repository on a slow disk. */
export const CHECKOUT_DEADLINE_MS = 15 * 60_000;
/** A first fetch of a large repository; a stalled one ends after a minute (`http.lowSpeedTime`). */
export const FETCH_DEADLINE_MS = 30 * 60_000;
export const PUSH_DEADLINE_MS = 10 * 60_000;
export const LIST_REMOTE_DEADLINE_MS = 60_000;
