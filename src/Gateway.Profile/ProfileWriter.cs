using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Gateway.Profile;

/// <summary>Writes methods as a profile for crossgen: an assembly with a global method, AssemblyDictionary, that loads the name of a
/// group and the token of another global method, which loads the tokens of the methods of the group, each followed by pop.</summary>
internal sealed class ProfileWriter
{
    private static readonly BlobContentId _id = new(new Guid("6d0a7a1e-3f1c-4b0e-9c55-0d6f1f1d2a10"), 1);

    private readonly MetadataBuilder _metadata = new();
    private readonly MethodBodyStreamEncoder _bodies = new(new BlobBuilder());
    private readonly ILookup<string, ScannedType> _types;
    private readonly SignatureCopier _signatures;
    private readonly Dictionary<string, AssemblyReferenceHandle> _assemblies = [];
    private readonly Dictionary<(EntityHandle Scope, string Space, string Name), EntityHandle> _references = [];
    private readonly InstructionEncoder _methods = new(new BlobBuilder());
    private readonly EntityHandle _canon;

    public ProfileWriter(ILookup<string, ScannedType> types)
    {
        _types = types;
        _signatures = new SignatureCopier(Refer);
        // Where the compiler finds the type that stands for all classes in code that they share.
        _canon = Refer(ReferTo("System.Private.Canon"), "System", "__Canon");
    }

    /// <summary>Adds all methods of this name; false when there is none.</summary>
    public bool Add(MethodName method)
    {
        var count = 0;
        foreach (var type in _types[method.Type.Name])
        {
            var metadata = type.Assembly.Metadata;
            foreach (var definition in type.Definition.GetMethods().Select(metadata.GetMethodDefinition))
            {
                if (metadata.StringComparer.Equals(definition.Name, method.Name)
                    && definition.GetGenericParameters().Count == method.Arguments.Count
                    && type.Definition.GetGenericParameters().Count == method.Type.Arguments.Count
                    && definition.DecodeSignature(_signatures, null) is var signature
                    && signature.ParameterTypes.Length == method.Parameters
                    && Encode(method.Type, type) is { } owner
                    && method.Arguments.Select(argument => Encode(argument)).ToList() is var arguments
                    && !arguments.Contains(null))
                {
                    AddMethod(Owner(type, method.Type, owner), method.Name, SignatureCopier.Of(signature), arguments!);
                    count++;
                }
            }
        }

        return count > 0;
    }

    public void Save(string path)
    {
        var module = _metadata.GetOrAddString(Path.GetFileName(path));
        _metadata.AddModule(0, module, _metadata.GetOrAddGuid(_id.Guid), default, default);
        _metadata.AddAssembly(module, new Version(0, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        _metadata.AddTypeDefinition(default, default, _metadata.GetOrAddString("<Module>"), default,
            MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var group = AddGlobal("Methods", _methods);
        var dictionary = new InstructionEncoder(new BlobBuilder());
        // The group's name is the assemblies it needs. This one every program has.
        dictionary.LoadString(_metadata.GetOrAddUserString("System.Private.CoreLib"));
        LoadAndPop(dictionary, group);
        AddGlobal("AssemblyDictionary", dictionary);

        var file = new BlobBuilder();
        new ManagedPEBuilder(new PEHeaderBuilder(), new MetadataRootBuilder(_metadata), _bodies.Builder,
            deterministicIdProvider: _ => _id).Serialize(file);
        using var stream = File.Create(path);
        file.WriteContentTo(stream);
    }

    private static void LoadAndPop(InstructionEncoder code, EntityHandle what)
    {
        code.OpCode(ILOpCode.Ldtoken);
        code.Token(what);
        code.OpCode(ILOpCode.Pop);
    }

    private void AddMethod(EntityHandle owner, string name, byte[] signature, List<byte[]> arguments)
    {
        EntityHandle method = _metadata.AddMemberReference(owner, _metadata.GetOrAddString(name), _metadata.GetOrAddBlob(signature));
        if (arguments.Count > 0)
        {
            var blob = new BlobBuilder();
            blob.WriteByte((byte)SignatureKind.MethodSpecification);
            blob.WriteCompressedInteger(arguments.Count);
            arguments.ForEach(blob.WriteBytes);
            method = _metadata.AddMethodSpecification(method, _metadata.GetOrAddBlob(blob));
        }

        LoadAndPop(_methods, method);
    }

    private EntityHandle Owner(ScannedType type, TypeName name, byte[] encoded) => name.Arguments.Count == 0
        ? Refer(type.Assembly.Metadata, type.Handle) : _metadata.AddTypeSpecification(_metadata.GetOrAddBlob(encoded));

    /// <summary>A type in a signature; null when there is no such type.</summary>
    private byte[]? Encode(TypeName name, ScannedType? known = null)
    {
        var blob = new BlobBuilder();
        for (var i = 0; i < name.Rank; i++)
        {
            blob.WriteByte((byte)SignatureTypeCode.SZArray);
        }

        if (PrimitiveNames.Of(name.Name) is { } primitive)
        {
            blob.WriteByte((byte)primitive);
            return blob.ToArray();
        }

        if (name.Name == "System.__Canon")
        {
            blob.WriteByte((byte)SignatureTypeKind.Class);
            blob.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(_canon));
            return blob.ToArray();
        }

        if ((known ?? _types[name.Name].FirstOrDefault()) is not { } type)
        {
            return null;
        }

        var arguments = name.Arguments.Select(argument => Encode(argument)).ToList();
        if (arguments.Contains(null))
        {
            return null;
        }

        if (arguments.Count > 0)
        {
            blob.WriteByte((byte)SignatureTypeCode.GenericTypeInstance);
        }

        blob.WriteByte((byte)(type.IsValue ? SignatureTypeKind.ValueType : SignatureTypeKind.Class));
        blob.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(Refer(type.Assembly.Metadata, type.Handle)));
        if (arguments.Count > 0)
        {
            blob.WriteCompressedInteger(arguments.Count);
            arguments.ForEach(argument => blob.WriteBytes(argument!));
        }

        return blob.ToArray();
    }

    private EntityHandle Refer(MetadataReader reader, EntityHandle type)
    {
        if (type.Kind == HandleKind.TypeDefinition)
        {
            var definition = reader.GetTypeDefinition((TypeDefinitionHandle)type);
            var outer = definition.GetDeclaringType();
            return Refer(
                outer.IsNil ? ReferTo(reader.GetString(reader.GetAssemblyDefinition().Name)) : Refer(reader, outer),
                reader.GetString(definition.Namespace), reader.GetString(definition.Name));
        }

        var reference = reader.GetTypeReference((TypeReferenceHandle)type);
        var scope = reference.ResolutionScope.Kind == HandleKind.TypeReference
            ? Refer(reader, (EntityHandle)reference.ResolutionScope)
            : ReferTo(reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)reference.ResolutionScope).Name));
        return Refer(scope, reader.GetString(reference.Namespace), reader.GetString(reference.Name));
    }

    private EntityHandle Refer(EntityHandle scope, string space, string name)
    {
        if (!_references.TryGetValue((scope, space, name), out var reference))
        {
            reference = _metadata.AddTypeReference(
                scope, space.Length == 0 ? default : _metadata.GetOrAddString(space), _metadata.GetOrAddString(name));
            _references.Add((scope, space, name), reference);
        }

        return reference;
    }

    private AssemblyReferenceHandle ReferTo(string assembly)
    {
        if (!_assemblies.TryGetValue(assembly, out var reference))
        {
            reference = _metadata.AddAssemblyReference(
                _metadata.GetOrAddString(assembly), new Version(0, 0, 0, 0), default, default, default, default);
            _assemblies.Add(assembly, reference);
        }

        return reference;
    }

    private MethodDefinitionHandle AddGlobal(string name, InstructionEncoder code) => _metadata.AddMethodDefinition(
        MethodAttributes.Public | MethodAttributes.Static, MethodImplAttributes.IL, _metadata.GetOrAddString(name),
        _metadata.GetOrAddBlob(new byte[] { (byte)SignatureCallingConvention.Default, 0, (byte)SignatureTypeCode.Void }),
        _bodies.AddMethodBody(code), default);
}
