import { lease } from './models';
import { describeModel } from './verdicts';

// Guards the promises of docs/*.md about it, in every order in which its steps can come: README.md beside this
describeModel(lease);
