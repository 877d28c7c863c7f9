namespace Gateway.Tests.Support;

/// <summary>Tests that look at the whole process, or use much of the machine, and therefore run while no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
