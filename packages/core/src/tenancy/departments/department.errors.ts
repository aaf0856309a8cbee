import { defineErrors } from '../../kernel/errors.ts';
import { maxDepth } from './department.path.ts';

export const departmentErrors = defineErrors({
  department_not_found: { kind: 'not_found', message: 'There is no such department.' },
  department_name_taken: { kind: 'conflict', message: 'There is already a department of this name in the same place.' },
  department_cycle: { kind: 'conflict', message: 'A department cannot be a part of itself or of its own departments.' },
  department_too_deep: { kind: 'conflict', message: `Departments can be at most ${maxDepth} levels deep.` },
  department_not_empty: {
    kind: 'conflict',
    message: 'Something still belongs to this department: move it first.',
  },
});
