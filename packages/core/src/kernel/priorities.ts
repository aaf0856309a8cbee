/** From the least to the most pressing. */
export const priorities = ['low', 'medium', 'high', 'urgent', 'critical'] as const;
