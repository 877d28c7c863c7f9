using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Gateway.Profile;

/// <summary>Writes types of an assembly's signatures as bytes of a signature in the profile.</summary>
/// <param name="refer">The reference to a type in the profile.</param>
internal sealed class SignatureCopier(Func<MetadataReader, EntityHandle, EntityHandle> refer) : ISignatureTypeProvider<byte[], object?>
{
    public byte[] GetPrimitiveType(PrimitiveTypeCode typeCode) => [(byte)typeCode];

    public byte[] GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        Named(reader, handle, rawTypeKind);

    public byte[] GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
        Named(reader, handle, rawTypeKind);

    public byte[] GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public byte[] GetSZArrayType(byte[] elementType) => [(byte)SignatureTypeCode.SZArray, .. elementType];

    public byte[] GetPointerType(byte[] elementType) => [(byte)SignatureTypeCode.Pointer, .. elementType];

    public byte[] GetByReferenceType(byte[] elementType) => [(byte)SignatureTypeCode.ByReference, .. elementType];

    public byte[] GetPinnedType(byte[] elementType) => [(byte)SignatureTypeCode.Pinned, .. elementType];

    public byte[] GetGenericTypeParameter(object? genericContext, int index) => Numbered(SignatureTypeCode.GenericTypeParameter, index);

    public byte[] GetGenericMethodParameter(object? genericContext, int index) => Numbered(SignatureTypeCode.GenericMethodParameter, index);

    public byte[] GetGenericInstantiation(byte[] genericType, ImmutableArray<byte[]> typeArguments) =>
        [.. Numbered(SignatureTypeCode.GenericTypeInstance, genericType, typeArguments.Length), .. typeArguments.SelectMany(bytes => bytes)];

    public byte[] GetModifiedType(byte[] modifier, byte[] unmodifiedType, bool isRequired) =>
        // The modifier is a class or a value to a signature, and a plain reference here.
        [(byte)(isRequired ? SignatureTypeCode.RequiredModifier : SignatureTypeCode.OptionalModifier), .. modifier.AsSpan(1), .. unmodifiedType];

    public byte[] GetArrayType(byte[] elementType, ArrayShape shape)
    {
        var blob = new BlobBuilder();
        blob.WriteByte((byte)SignatureTypeCode.Array);
        blob.WriteBytes(elementType);
        new ArrayShapeEncoder(blob).Shape(shape.Rank, shape.Sizes, shape.LowerBounds);
        return blob.ToArray();
    }

    public byte[] GetFunctionPointerType(MethodSignature<byte[]> signature) => [(byte)SignatureTypeCode.FunctionPointer, .. Of(signature)];

    /// <summary>The signature of a method.</summary>
    public static byte[] Of(MethodSignature<byte[]> signature)
    {
        var blob = new BlobBuilder();
        blob.WriteByte(signature.Header.RawValue);
        if (signature.Header.IsGeneric)
        {
            blob.WriteCompressedInteger(signature.GenericParameterCount);
        }

        blob.WriteCompressedInteger(signature.ParameterTypes.Length);
        blob.WriteBytes(signature.ReturnType);
        foreach (var parameter in signature.ParameterTypes)
        {
            blob.WriteBytes(parameter);
        }

        return blob.ToArray();
    }

    private byte[] Named(MetadataReader reader, EntityHandle handle, byte kind)
    {
        var blob = new BlobBuilder();
        blob.WriteByte(kind == 0 ? (byte)SignatureTypeKind.Class : kind);
        blob.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(refer(reader, handle)));
        return blob.ToArray();
    }

    private static byte[] Numbered(SignatureTypeCode code, int number) => Numbered(code, [], number);

    private static byte[] Numbered(SignatureTypeCode code, byte[] between, int number)
    {
        var blob = new BlobBuilder();
        blob.WriteByte((byte)code);
        blob.WriteBytes(between);
        blob.WriteCompressedInteger(number);
        return blob.ToArray();
    }
}
