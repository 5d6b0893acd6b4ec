export const endless: readonly (readonly [name: string, says: string])[];
