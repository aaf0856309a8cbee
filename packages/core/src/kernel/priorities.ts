/** From the lowest to the highest. */
export const priorities = ['low', 'medium', 'high', 'urgent', 'critical'] as const;
