using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Gateway.Profile;

/// <summary>An assembly of which types and methods are looked up.</summary>
internal sealed class ScannedAssembly : IDisposable
{
    private readonly PEReader _file;

    public ScannedAssembly(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        Metadata = _file.GetMetadataReader();
        Types = [.. Metadata.TypeDefinitions.Select(handle => new ScannedType(this, handle, NameOf(handle)))];
    }

    public MetadataReader Metadata { get; }

    public IReadOnlyList<ScannedType> Types { get; }

    public void Dispose() => _file.Dispose();

    private string NameOf(TypeDefinitionHandle handle)
    {
        var type = Metadata.GetTypeDefinition(handle);
        var name = Metadata.GetString(type.Name);
        return type.GetDeclaringType() is { IsNil: false } outer ? $"{NameOf(outer)}+{name}"
            : type.Namespace.IsNil ? name : $"{Metadata.GetString(type.Namespace)}.{name}";
    }
}

/// <summary>A type of an assembly.</summary>
/// <param name="Assembly">The assembly.</param>
/// <param name="Handle">Its place there.</param>
/// <param name="Name">Its name, as the JIT writes it.</param>
internal sealed record ScannedType(ScannedAssembly Assembly, TypeDefinitionHandle Handle, string Name)
{
    public TypeDefinition Definition => Assembly.Metadata.GetTypeDefinition(Handle);

    /// <summary>Whether signatures call it a value.</summary>
    public bool IsValue => Definition.BaseType is { IsNil: false, Kind: var kind } type
        && kind is HandleKind.TypeReference or HandleKind.TypeDefinition
        && NameOf(Definition.BaseType) is "System.ValueType" or "System.Enum" && Name is not "System.Enum";

    private string NameOf(EntityHandle type)
    {
        var metadata = Assembly.Metadata;
        var (space, name) = type.Kind == HandleKind.TypeReference
            ? (metadata.GetTypeReference((TypeReferenceHandle)type).Namespace, metadata.GetTypeReference((TypeReferenceHandle)type).Name)
            : (metadata.GetTypeDefinition((TypeDefinitionHandle)type).Namespace, metadata.GetTypeDefinition((TypeDefinitionHandle)type).Name);
        return $"{metadata.GetString(space)}.{metadata.GetString(name)}";
    }
}
