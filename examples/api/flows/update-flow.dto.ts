import { OmitType, PartialType } from '@nestjs/swagger';
import { CreateFlowDto } from './create-flow.dto';

/**
 * What is to change. A field that is left out stays as it is; null clears one that may be null. Other fields are passed
 * over: pages send a whole flow back, with fields of their own.
 */
export class UpdateFlowDto extends PartialType(OmitType(CreateFlowDto, ['created_by']), {
  skipNullProperties: false,
}) {
  static readonly passesOverUnknown = true;
}
