namespace Gateway.Tests.Support;

/// <summary>Tests in network namespaces: one at a time, since each starts many programs, but beside all others, whom they share
/// nothing with and who use the processors while they wait.</summary>
[CollectionDefinition(Name)]
public sealed class Beds
{
    public const string Name = "Beds";
}
