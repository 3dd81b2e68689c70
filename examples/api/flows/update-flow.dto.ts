import { OmitType, PartialType } from '@nestjs/swagger';
import { CreateFlowDto } from './create-flow.dto';

/**
 * The changes of a flow. A field that is left out stays; null clears a field that may be null. Unknown fields are
 * ignored: pages send a whole flow back, with fields of their own.
 */
export class UpdateFlowDto extends PartialType(OmitType(CreateFlowDto, ['created_by']), {
  skipNullProperties: false,
}) {
  static readonly passesOverUnknown = true;
}
