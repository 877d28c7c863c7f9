namespace Gateway.Clusters;

/// <summary>What a person can order of a destination.</summary>
internal enum AdminOrder
{
    /// <summary>In service whatever probe, passive check and agent say.</summary>
    Up,

    /// <summary>No new clients; known ones may return until <see cref="AdminWord.StickyUntil"/>, and what is in progress
    /// goes on.</summary>
    Drain,

    /// <summary>No new flow from anybody; what is in progress goes on.</summary>
    Maintenance,
}

/// <summary>A person's word on a destination. No machine overrides it; without one (null) the machines decide.</summary>
/// <param name="Order">What is to be.</param>
/// <param name="Who">Who said it.</param>
/// <param name="Why">In their own words; may be empty.</param>
/// <param name="Since">When it was said.</param>
internal sealed record AdminWord(AdminOrder Order, string Who, string Why, DateTimeOffset Since)
{
    /// <summary>The most characters of <see cref="Who"/> and of <see cref="Why"/>; what is longer is cut.</summary>
    public const int MostCharacters = 200;

    public string Who { get; init; } = Cut(Who);

    public string Why { get; init; } = Cut(Why);

    /// <summary>When the word is taken back by itself; null is never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>drain: until when clients that persistence remembers may return; null is as long as they are remembered.
    /// </summary>
    public DateTimeOffset? StickyUntil { get; init; }

    /// <summary>drain: the word that stood before, which goes on beneath and is the word again when the drain is taken back;
    /// null is none.</summary>
    public AdminWord? Over { get; init; }

    /// <summary>Whether clients that persistence remembers may return, by this word and those beneath.</summary>
    public bool WelcomesKnown(DateTimeOffset now) => Until <= now || Order switch
    {
        AdminOrder.Maintenance => false,
        AdminOrder.Drain => !(StickyUntil <= now) && Over?.WelcomesKnown(now) != false,
        _ => true,
    };

    /// <summary>The next moment at which this word or one beneath ends, or makes known clients go elsewhere; null when there
    /// is none.</summary>
    public DateTimeOffset? NextChange(DateTimeOffset now)
    {
        var next = Earlier(Until, StickyUntil > now ? StickyUntil : null);
        for (var word = Over; word is not null; word = word.Over)
        {
            // One beneath that has ended stays until the drain over it does, and says nothing.
            next = Earlier(next, Earlier(word.Until > now ? word.Until : null, word.StickyUntil > now ? word.StickyUntil : null));
        }

        return next;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;

    private static string Cut(string text) => text.Length > MostCharacters ? text[..MostCharacters] : text;
}
