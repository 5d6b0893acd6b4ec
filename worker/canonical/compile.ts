/** Makes codecs from the types of a plan. */
import { functionType, hasUndefined, witType, type Types } from '../../common/component-types.ts';
import { flatOf, type Codec } from './codec.ts';
import { handle } from './handles.ts';
import { listOf } from './lists.ts';
import { flags, layOut, record, tuple } from './records.ts';
import { scalars, type Scalar } from './scalars.ts';
import { string } from './strings.ts';
import { enumeration, option, result, variant } from './variants.ts';

/** How to pass the parameters and the result of a function. */
export interface Signature {
  readonly names: readonly string[];
  readonly params: readonly Codec[];
  readonly result: Codec | null;
  /** The layout of the parameters when they are passed in memory. */
  readonly layout: ReturnType<typeof layOut>;
  /** The core types of the parameters; null if they are passed in memory. */
  readonly flatParams: string | null;
  /** The core type of the result; "" if there is none, null if it is passed in memory. */
  readonly flatResult: string | null;
  /** Whether a parameter contains a borrowed handle. */
  readonly borrows: boolean;
  /** The same as `params` if each parameter and the result are one core value each, else null. */
  readonly scalars: readonly Scalar[] | null;
}

const isScalar = (codec: Codec): codec is Scalar => 'toCore' in codec;

/** The codecs of one component. Each type is compiled once. */
export class Codecs {
  private readonly made: (Codec | undefined)[] = [];
  private readonly signatures: (Signature | undefined)[] = [];

  /** `resource` returns the name of a resource type for messages. */
  constructor(
    private readonly types: Types,
    private readonly resource: (index: number) => string,
  ) {}

  signature(index: number): Signature {
    return (this.signatures[index] ??= this.makeSignature(index));
  }

  codec(index: number): Codec {
    return (this.made[index] ??= this.make(index));
  }

  private makeSignature(index: number): Signature {
    const { params: fields, result: type } = functionType(this.types, index);
    const params = fields.map((field) => this.codec(field.type));
    const result = this.maybe(type);
    const layout = layOut(params);
    const flatResult = result ? result.flat : '';
    return {
      names: fields.map((field) => field.name),
      params,
      result,
      layout,
      flatParams: flatOf(params),
      flatResult: flatResult !== null && flatResult.length <= 1 ? flatResult : null,
      borrows: layout.borrows,
      scalars: params.every(isScalar) && (!result || isScalar(result)) ? params : null,
    };
  }

  private readonly maybe = (index: number | null): Codec | null => (index === null ? null : this.codec(index));

  private make(index: number): Codec {
    const type = this.types[index]!;
    const wit = (): string => witType(this.types, index, this.resource);
    switch (type.kind) {
      case 'string':
        return string;
      case 'list':
        return listOf(this.codec(type.type), this.types[type.type]!.kind);
      case 'record':
        return record(
          type.fields.map((field) => field.name),
          type.fields.map((field) => this.codec(field.type)),
          wit,
        );
      case 'tuple':
        return tuple(
          type.types.map((part) => this.codec(part)),
          wit,
        );
      case 'variant':
        return variant(
          type.cases.map((each) => each.name),
          type.cases.map((each) => this.maybe(each.type)),
          wit,
        );
      case 'option':
        return option(this.codec(type.type), hasUndefined(this.types, type.type), wit);
      case 'result':
        return result(this.maybe(type.ok), this.maybe(type.err), wit);
      case 'enum':
        return enumeration(type.names, wit);
      case 'flags':
        return flags(type.names, wit);
      case 'own':
      case 'borrow':
        return handle(type.resource, type.kind === 'own', wit);
      case 'func':
        throw new RangeError(`type ${index} of the plan is a function type, not the type of a value`);
      default:
        return scalars[type.kind];
    }
  }
}
