using System.Globalization;

namespace Gateway.Kernel.Rules;

/// <summary>A set or map: its declaration, and its elements where the rules do not fill it themselves.</summary>
internal sealed record NftSet(string Name, FieldType Key, FieldType? Data = null)
{
    /// <summary>Most elements of a set that rules fill; 0 is a set they do not fill.</summary>
    public int Size { get; init; }

    /// <summary>Whether packets add and remove elements, each with a timeout.</summary>
    public bool IsDynamic => Size > 0;

    /// <summary>Most elements of another set; 0 is as many as come. The kernel makes a set whose size it knows as a plain hash
    /// table, which is filled and searched faster than one that grows.</summary>
    public int Capacity { get; init; }

    public bool IsOfCounters => Data == FieldType.Counter;

    /// <summary>The elements given to it, in order, no key twice. Null when it is only known that it is there.</summary>
    public List<NftElement>? Elements { get; init; } = [];

    /// <summary>The values of a map from 0 on, instead of <see cref="Elements"/>; 0 leaves one out.</summary>
    public uint[]? Slots { get; init; }

    /// <summary>What nft is told instead of the types, where it has no name for one of them.</summary>
    public string? Example { get; init; }

    /// <summary>How nft declares it.</summary>
    public string Declaration
    {
        get
        {
            var type = Example is not null ? $"typeof {Example}" : $"type {Key.Word}{(Data is null ? "" : $" : {Data.Word}")}";
            return IsDynamic ? string.Create(CultureInfo.InvariantCulture, $"{type}; flags dynamic,timeout; size {Size};")
                : Capacity > 0 ? string.Create(CultureInfo.InvariantCulture, $"{type}; size {Capacity};")
                : $"{type};";
        }
    }

    /// <summary>Whether the kernel can keep the one in place of the other, with what is in it.</summary>
    public bool IsLaidOutAs(NftSet other) =>
        Key.Length == other.Key.Length && Data?.Length == other.Data?.Length && Size == other.Size
        && Capacity == other.Capacity && IsOfCounters == other.IsOfCounters;
}
