import { migrate } from './models';
import { describeModel } from './verdicts';

// Guards the promises that docs/*.md makes about it, in every possible order of its steps: see README.md beside this file
describeModel(migrate);
