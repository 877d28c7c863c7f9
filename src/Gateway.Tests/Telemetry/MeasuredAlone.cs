namespace Gateway.Tests.Telemetry;

/// <summary>Tests that listen to meters or activity sources, which are known to the whole process by name: they run
/// alone, so that they hear only what they said themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    public const string Name = "Measured alone";
}
