using System.Reflection.Metadata;

namespace Gateway.Profile;

/// <summary>What the JIT calls the types that have a code of their own in signatures.</summary>
internal static class PrimitiveNames
{
    public static PrimitiveTypeCode? Of(string name) => name switch
    {
        "bool" => PrimitiveTypeCode.Boolean,
        "char" => PrimitiveTypeCode.Char,
        "sbyte" => PrimitiveTypeCode.SByte,
        "byte" => PrimitiveTypeCode.Byte,
        "short" => PrimitiveTypeCode.Int16,
        "ushort" => PrimitiveTypeCode.UInt16,
        "int" => PrimitiveTypeCode.Int32,
        "uint" => PrimitiveTypeCode.UInt32,
        "long" => PrimitiveTypeCode.Int64,
        "ulong" => PrimitiveTypeCode.UInt64,
        "nint" => PrimitiveTypeCode.IntPtr,
        "nuint" => PrimitiveTypeCode.UIntPtr,
        "float" => PrimitiveTypeCode.Single,
        "double" => PrimitiveTypeCode.Double,
        "System.String" => PrimitiveTypeCode.String,
        "System.Object" => PrimitiveTypeCode.Object,
        _ => null,
    };
}
