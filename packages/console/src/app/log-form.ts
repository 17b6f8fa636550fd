/** What a log is called, as the node has it. */
export const LOG_FORM = /^[a-z0-9][a-z0-9-]{0,62}$/;
