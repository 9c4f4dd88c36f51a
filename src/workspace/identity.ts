/** Who commits inside the container. The address belongs to nobody: `.invalid` is reserved for that. */
export const AGENT_IDENTITY = { name: 'forge', email: 'forge@forge.invalid' } as const;
