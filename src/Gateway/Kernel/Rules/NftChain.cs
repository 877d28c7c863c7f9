using System.Globalization;

namespace Gateway.Kernel.Rules;

/// <summary>A chain of rules; one with a hook is where packets enter.</summary>
internal sealed class NftChain(string name, ChainHook? hook = null)
{
    public string Name { get; } = name;

    public ChainHook? Hook { get; } = hook;

    /// <summary>The rules in order; null when it is only known that the chain is there.</summary>
    public List<NftRule>? Rules { get; init; } = [];

    public void Add(params IReadOnlyList<Statement> statements) => Rules!.Add(new NftRule(statements));

    /// <summary>Whether the rules are known to be the same.</summary>
    public bool HasRulesOf(NftChain other) =>
        Rules is not null && other.Rules is not null
        && Rules.Count == other.Rules.Count && Rules.Zip(other.Rules).All(pair => pair.First.Text == pair.Second.Text);
}

/// <summary>Where in the path of packets a chain stands.</summary>
/// <param name="Type"><c>filter</c> or <c>nat</c>.</param>
/// <param name="Word"><c>ingress</c>, <c>prerouting</c> and so on.</param>
/// <param name="Number">The kernel's number of it.</param>
/// <param name="Priority">Order among chains at the same place; lower comes first.</param>
/// <param name="Device">The interface whose packets it sees, at <c>ingress</c>.</param>
internal sealed record ChainHook(string Type, string Word, uint Number, int Priority, string? Device = null)
{
    public static ChainHook Ingress(string device) => new("filter", "ingress", 0, -150, device);

    public static readonly ChainHook Prerouting = new("nat", "prerouting", 0, -100);
    public static readonly ChainHook Forward = new("filter", "forward", 2, 0);
    public static readonly ChainHook Postrouting = new("nat", "postrouting", 4, 100);

    /// <summary>Before connection tracking looks at what comes in, and after fragments are put together.</summary>
    public static readonly ChainHook BeforeTracking = new("filter", "prerouting", 0, -300);

    /// <summary>The same for what this machine sends.</summary>
    public static readonly ChainHook OutputBeforeTracking = new("filter", "output", 3, -300);

    /// <summary>After routing, where sources are rewritten: before, the kernel drops what has an address of its own as its
    /// source.</summary>
    public static readonly ChainHook Departure = new("filter", "postrouting", 4, 100);

    public static readonly ChainHook[] All = [Prerouting, Forward, Postrouting, BeforeTracking, OutputBeforeTracking, Departure];

    public string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"type {Type} hook {Word}{(Device is null ? "" : $" device \"{Device}\"")} priority {Priority}; policy accept;");
}
