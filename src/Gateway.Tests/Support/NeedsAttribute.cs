namespace Gateway.Tests.Support;

/// <summary>A fact that is skipped, with the reason, where one of the programs it needs is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] programs) => Skip = DebianProcess.WhyNot(programs);
}

/// <summary>A theory that is skipped, with the reason, where one of the programs it needs is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params string[] programs) => Skip = DebianProcess.WhyNot(programs);
}
