using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>
/// Slow start under every scheduler: holds the share of a destination that is new, came back or was given a higher weight
/// at the part of its full share that its <see cref="Ramp"/> says. Also holds what a weight rounded up is too much.
/// </summary>
/// <remarks>
/// It stands between a scheduler and its picks, and a pick that is not to be taken is made again without that destination;
/// so no scheduler knows of it, and none pays for it while nothing ramps. It never refuses a flow: when nobody else can
/// take it, the destination does. One that had no flow for nearly a second is given the next one whatever the scheduler
/// says, since with many old destinations a part of its share may be one flow in minutes. When more than half of the
/// weight ramps, the parts are raised so that the others get twice their share at most; when all of it does, there is
/// nothing to hold back.
/// </remarks>
internal sealed partial class ShareLimiter
{
    private static readonly TimeSpan _longestWait = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan _refresh = TimeSpan.FromMilliseconds(20);

    /// <summary>Of all flows, the most that go to destinations because they waited long.</summary>
    private const double MostForWaiting = 0.1;

    /// <summary>What a destination can save up: credit it could not use does not become a burst.</summary>
    private const double MostCredit = 8;

    private readonly Lock _gate = new();
    private readonly ShareRule _rule;
    private readonly HashInput _input;
    private readonly TimeProvider _time;
    private readonly HeldShare[] _held;
    private readonly Dictionary<DestinationState, LinkedListNode<HeldShare>> _byState = [];

    // By their last flow, the longest ago first: whoever gets one goes to the end, so that only the first is to be looked at.
    private readonly LinkedList<HeldShare> _waiting = [];
    private long _refreshed;
    private long _flows;
    private double _forWaiting;
    private volatile bool _isOver;

    private ShareLimiter(SchedulerOptions options, TimeProvider time, HeldShare[] held, long flows)
    {
        _rule = ShareRules.Of(options.Name);
        _input = new HashInput(options);
        _time = time;
        _held = held;
        foreach (var share in held.OrderBy(share => share.LastFlow))
        {
            if (_byState.TryAdd(share.Destination.State, new LinkedListNode<HeldShare>(share)))
            {
                _waiting.AddLast(_byState[share.Destination.State]);
            }
        }

        _flows = flows;
        RefreshNeedsLock(time.GetTimestamp());
    }

    /// <summary>Whether nothing is held back any more.</summary>
    public bool IsOver => _isOver;

    /// <summary>The limiter of these destinations, or null when none of them is to be held back.</summary>
    public static ShareLimiter? For(
        SchedulerOptions options, IReadOnlyList<Destination> destinations, TimeProvider time, ShareLimiter? before)
    {
        var now = time.GetUtcNow();
        var isWeighted = ShareRules.IsWeighted(options.Name);
        var serving = destinations.Where(d => d.EffectiveWeight > 0).ToList();
        var most = serving.Select(FractionOf).DefaultIfEmpty(1).Max();
        double Fraction(Destination d) => isWeighted ? FractionOf(d) / most : 1;
        if (!serving.Exists(d => d.Ramp?.At(now) < 1 || Fraction(d) < 1))
        {
            return null;
        }

        double Weight(Destination d) => isWeighted ? d.Judgement.Weight : 1;
        var sum = serving.Sum(Weight);
        HeldShare Hold(Destination d)
        {
            var known = before?.Find(d);
            var account = known?.Account ?? new HeldShare.Ledger { Reckoned = before?._flows ?? 0 };
            return new HeldShare(d, Weight(d) / sum, Fraction(d), account) { LastFlow = known?.LastFlow ?? time.GetTimestamp() };
        }

        var held = serving.Where(d => d.Ramp?.At(now) < 1 || Fraction(d) < 1).Select(Hold).ToArray();
        return new ShareLimiter(options, time, held, before?._flows ?? 0);
    }

    /// <summary>A flow of the cluster is to be scheduled; returns the destination that has waited too long for one, else
    /// null.</summary>
    public Destination? Arrive(Exclusions? exclusions)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            _flows++;
            _forWaiting = Math.Min(_forWaiting + MostForWaiting, 1);
            RefreshNeedsLock(now);
            if (!LooksAfterWaiting || _forWaiting < 1 || LongestWaitingNeedsLock(now, exclusions) is not { } held)
            {
                return null;
            }

            _forWaiting = 0;
            return held.Destination;
        }
    }

    /// <summary>Whether a pick of the scheduler is to be taken.</summary>
    public bool Accepts(Destination picked, in Flow flow)
    {
        if (Find(picked) is not { } held)
        {
            return true;
        }

        if (_rule == ShareRule.OfKeys)
        {
            return Position(flow) < held.Part * held.Fraction;
        }

        lock (_gate)
        {
            held.Account.Credit = CreditNeedsLock(held, _flows);
            held.Account.Reckoned = _flows;
            return !held.IsHeld || held.Account.Credit >= 1;
        }
    }

    /// <summary>The flow went to this destination.</summary>
    public void Took(Destination destination)
    {
        if (!_byState.TryGetValue(destination.State, out var node))
        {
            return;
        }

        lock (_gate)
        {
            // What it was given beyond its part, because it waited or nobody else could, counts little.
            var account = node.Value.Account;
            account.Credit = Math.Max(account.Credit - 1, -1);
            ToTheEndNeedsLock(node, _time.GetTimestamp());
        }
    }

    private static double FractionOf(Destination destination) => destination.Judgement.Weight / destination.EffectiveWeight;

    /// <summary>Where a flow's key stands between 0 and 1, whatever bucket or slot it has.</summary>
    private double Position(in Flow flow)
    {
        // The finisher of MurmurHash3: keys that differ in one bit are far apart.
        var x = _input.Value(flow) ^ 0x9E3779B9;
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        return (x ^ (x >> 16)) / (uint.MaxValue + 1.0);
    }

    private bool LooksAfterWaiting => _rule is not (ShareRule.OfKeys or ShareRule.OfPicksInOrder);

    private HeldShare? Find(Destination destination) => _byState.GetValueOrDefault(destination.State)?.Value;

    /// <summary>What is owed to a destination that is picked for the cluster's flow of this number.</summary>
    private double CreditNeedsLock(HeldShare held, long flows) => Math.Min(
        _rule == ShareRule.OfFlows
            ? held.Account.Credit + ((flows - held.Account.Reckoned) * held.FullShare * held.Part)
            : held.Account.Credit + held.Part,
        MostCredit);

    /// <summary>Who has waited too long, the longest if several have.</summary>
    private HeldShare? LongestWaitingNeedsLock(long now, Exclusions? exclusions)
    {
        for (var node = _waiting.First; node is not null && _time.GetElapsedTime(node.Value.LastFlow, now) >= _longestWait;)
        {
            var (held, next) = (node.Value, node.Next);
            if (!held.IsHeld || held.Destination.State.IsFull)
            {
                // It is not left alone. Others are looked at before it is looked at again.
                ToTheEndNeedsLock(node, now);
            }
            else if (exclusions?.Contains(held.Destination) != true)
            {
                return held;
            }

            node = next;
        }

        return null;
    }

    private void ToTheEndNeedsLock(LinkedListNode<HeldShare> node, long now)
    {
        node.Value.LastFlow = now;
        _waiting.Remove(node);
        _waiting.AddLast(node);
    }

    private void RefreshNeedsLock(long now)
    {
        if (_refreshed != 0 && _time.GetElapsedTime(_refreshed, now) < _refresh)
        {
            return;
        }

        _refreshed = now;
        var clock = _time.GetUtcNow();
        var (ramping, ramped) = (0.0, 0.0);
        foreach (var held in _held)
        {
            held.Part = held.Destination.Ramp?.At(clock) ?? 1;
            if (held.Part < 1)
            {
                ramping += held.FullShare;
                ramped += held.FullShare * held.Part;
            }
        }

        var raise = Raise(ramping, ramped);
        var isOver = true;
        foreach (var held in _held)
        {
            isOver &= !held.IsHeld;
            held.Part = Math.Min(held.Part * raise, 1);
        }

        _isOver = isOver;
    }

    /// <summary>What the parts are multiplied with.</summary>
    /// <param name="ramping">The full share of all that ramp.</param>
    /// <param name="ramped">What they would get of it.</param>
    private double Raise(double ramping, double ramped)
    {
        const double Nothing = 1e-9;
        var rest = 1 - ramping;
        if (rest < Nothing)
        {
            return double.PositiveInfinity;
        }

        // The rest would have 1 - ramped of all flows; that is to be no more than twice its share.
        var least = 1 - (2 * rest);
        return _rule != ShareRule.OfPicksInOrder && ramped < least ? least / ramped : 1;
    }
}
