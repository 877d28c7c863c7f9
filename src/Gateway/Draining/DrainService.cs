using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Draining;

/// <summary>Drains: starts, follows, ends and cancels them. What happens when is <see cref="DrainPlan"/>'s.</summary>
internal sealed partial class DrainService : IDisposable
{
    /// <summary>So many drains that have ended are remembered.</summary>
    private const int MostEnded = 100;

    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(200);

    private readonly ClusterStore _store;
    private readonly ILiveFlows[] _flows;
    private readonly TimeProvider _time;
    private readonly ILogger<DrainService> _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private readonly Dictionary<string, int> _closable = [];
    private List<DrainJob> _jobs = [];
    private int _lastId;

    public DrainService(ClusterStore store, IEnumerable<ILiveFlows> flows, TimeProvider time, ILogger<DrainService> log)
    {
        _store = store;
        _flows = [.. flows];
        _time = time;
        _log = log;
        _timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called when a drain was started, or has ended in whatever way; must be quick and must not throw.</summary>
    public event Action<DrainJob>? Changed;

    /// <summary>Drains that run, and those that ended last, oldest first.</summary>
    public IReadOnlyList<DrainJob> Jobs => Volatile.Read(ref _jobs);

    /// <summary>Whether this node wants no more traffic: a drain of it was started and not cancelled.</summary>
    public bool IsNodeDraining => Jobs.Any(job => job.IsNode && job.Status != DrainStatus.Cancelled);

    public void Dispose() => _timer.Dispose();

    /// <summary>Begins to drain; the destinations get no new client from now on.</summary>
    /// <param name="wanted">What to drain; its id and status are ignored.</param>
    /// <returns>The drain that was started, or null when the cluster or destination does not exist.</returns>
    /// <exception cref="ArgumentException">It ends before it begins, or known clients may return after the deadline.
    /// </exception>
    public DrainJob? Start(DrainJob wanted)
    {
        if (wanted.Deadline < wanted.Started || wanted.StickyUntil > wanted.Deadline)
        {
            throw new ArgumentException(
                $"The deadline {wanted.Deadline:u} is before "
                + (wanted.Deadline < wanted.Started ? "the drain begins." : $"StickyUntil {wanted.StickyUntil:u}."),
                nameof(wanted));
        }

        DrainJob job;
        lock (_gate)
        {
            job = wanted with { Id = $"d{++_lastId}", Status = DrainStatus.Running, Ended = null, CutOff = 0 };
            while (_jobs.Exists(other => other.Started == job.Started))
            {
                // Its words are known by when it began.
                job = job with { Started = job.Started.AddTicks(1) };
            }

            if (!job.IsNode && _store.SetAdmin(d => Covers(job, d), before => DrainWords.Begin(job, before, _jobs)) == 0)
            {
                return null;
            }

            _jobs = [.. _jobs, job];
            _timer.Change(_tick, _tick);
        }

        LogStarted(
            job.Id, job, job.Who, job.Why.Length > 0 ? $": {job.Why}" : "",
            job.Deadline is { } deadline ? string.Create(
                CultureInfo.InvariantCulture, $"; what is left at {deadline.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} is cut off") : "");
        Changed?.Invoke(job);
        return job;
    }

    /// <summary>Takes a drain back, also one that has ended: the word that stood before counts again, of another drain or of a
    /// person; without one the destinations get new clients. False when there is none with this id, or it was cancelled
    /// before.</summary>
    public bool Cancel(string id)
    {
        lock (_gate)
        {
            if (_jobs.Find(job => job.Id == id && job.Status != DrainStatus.Cancelled) is not { } job)
            {
                return false;
            }

            if (!job.IsNode)
            {
                _store.ChangeAdmin(job.ClusterId!, job.DestinationId, word => DrainWords.Without(job, word));
            }

            EndNeedsLock(job, DrainStatus.Cancelled);
            return true;
        }
    }

    /// <summary>What a drain still waits for; null when there is none with this id.</summary>
    public DrainProgress? Progress(string id) => Volatile.Read(ref _jobs).Find(job => job.Id == id) is { } job
        ? new DrainProgress(job, Count(FlowsOf(job, Held(job))), Covered(job).Count(d => DrainWords.Hold(job, d.Standing.Admin)))
        : null;

    /// <summary>What a drain would have to wait for, were it started now; null when there is nothing of that name.</summary>
    public DrainProgress? Preview(DrainJob wanted) =>
        Covered(wanted).Select(d => d.State).ToHashSet() is var covered && (wanted.IsNode || covered.Count > 0)
            ? new DrainProgress(wanted, Count(FlowsOf(wanted, covered)), covered.Count)
            : null;

    /// <summary>Goes on with drains of an earlier process; their words are back with the state of the destinations.
    /// </summary>
    public void Resume(IEnumerable<DrainJob> jobs)
    {
        lock (_gate)
        {
            _jobs = [.. jobs.Where(job => !job.IsShutdown).TakeLast(MostEnded)];
            foreach (var job in _jobs)
            {
                _lastId = int.TryParse(job.Id.AsSpan(1), out var number) ? Math.Max(_lastId, number) : _lastId;
            }

            if (_jobs.Exists(job => job.IsRunning))
            {
                _timer.Change(_tick, _tick);
            }
        }
    }

    private static bool Covers(DrainJob job, Destination destination) => !job.IsNode
        && string.Equals(job.ClusterId, destination.ClusterId, StringComparison.OrdinalIgnoreCase)
        && (job.DestinationId is null
            || string.Equals(job.DestinationId, destination.Id, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<Destination> Covered(DrainJob job) => job.IsNode ? []
        : _store.Current.Clusters.SelectMany(cluster => cluster.Destinations).Where(d => Covers(job, d));

    /// <summary>The destinations the drain has its word on, those that are gone too: a reload or an answer of the DNS may leave
    /// one out for a while.</summary>
    private HashSet<DestinationState> Held(DrainJob job) =>
        job.IsNode ? [] : [.. _store.Ordered(job.ClusterId!, job.DestinationId, word => DrainWords.Hold(job, word))];

    private static Dictionary<FlowKind, int> Count(List<ILiveFlow> flows) => flows.CountBy(flow => flow.Kind).ToDictionary();

    private List<ILiveFlow> FlowsOf(DrainJob job, HashSet<DestinationState> of) =>
    [
        .. from flows in _flows
           from flow in flows.Snapshot()
           where job.IsNode || (flow.Destination is { } destination && of.Contains(destination.State))
           select flow,
    ];

    private void Tick()
    {
        lock (_gate)
        {
            foreach (var job in _jobs.FindAll(job => job.IsRunning))
            {
                FollowNeedsLock(job);
            }

            if (!_jobs.Exists(job => job.IsRunning))
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void FollowNeedsLock(DrainJob job)
    {
        if (!job.IsNode && _store.Current.Revision == 0)
        {
            // The first configuration is still waited for: nothing is known of loads and flows.
            return;
        }

        var held = Held(job);
        if (!job.IsNode && held.Count == 0)
        {
            // Somebody took the word back or said something else.
            EndNeedsLock(job, DrainStatus.Cancelled);
            return;
        }

        var now = _time.GetUtcNow();
        var plan = DrainPlan.Of(job);
        var flows = FlowsOf(job, held);
        if (plan.IsOver(now))
        {
            flows.ForEach(flow => flow.Abort());
            EndNeedsLock(job with { CutOff = flows.Count }, flows.Count == 0 ? DrainStatus.Empty : DrainStatus.Cut);
        }
        else if (flows.Count == 0 && held.All(state => state.Load.Total == 0) && !(job.StickyUntil > now))
        {
            EndNeedsLock(job, DrainStatus.Empty);
        }
        else
        {
            Ask(job, plan, flows, now);
        }
    }

    /// <summary>Tells as many flows to end as should have been told by now.</summary>
    private void Ask(DrainJob job, DrainPlan plan, List<ILiveFlow> flows, DateTimeOffset now)
    {
        var share = plan.ShareToClose(now);
        foreach (var kind in share > 0 ? [FlowKind.WebSocket, FlowKind.ClientConnection] : Array.Empty<FlowKind>())
        {
            // Of so many that there were at once; what ended by itself counts as told.
            var closable = flows.FindAll(flow => flow.Kind == kind && !flow.IsAsked);
            var key = $"{job.Id} {kind}";
            var most = _closable[key] = Math.Max(_closable.GetValueOrDefault(key), closable.Count);
            var keep = (int)Math.Floor(most * (1 - share));
            foreach (var flow in closable.Take(closable.Count - keep))
            {
                flow.AskToEnd();
            }
        }

        if (plan.HalfCloses(now))
        {
            foreach (var flow in flows.Where(flow => flow.Kind == FlowKind.Connection && !flow.IsAsked))
            {
                flow.AskToEnd();
            }
        }
    }

    private void EndNeedsLock(DrainJob job, DrainStatus status)
    {
        var ended = job with { Status = status, Ended = _time.GetUtcNow() };
        var others = _jobs.FindAll(other => other.Id != job.Id);
        _jobs = [.. others.Append(ended).OrderBy(each => each.Started).TakeLast(MostEnded)];
        foreach (var key in _closable.Keys.Where(key => key.StartsWith(job.Id + ' ', StringComparison.Ordinal)).ToList())
        {
            _closable.Remove(key);
        }

        LogEnded(job.Id, job, status, (ended.Ended - job.Started).Value.TotalSeconds, ended.CutOff);
        Changed?.Invoke(ended);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Drain {Id} of {What} begins, by {Who}{Why}{Deadline}")]
    private partial void LogStarted(string id, DrainJob what, string who, string why, string deadline);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Drain {Id} of {What} has ended: {Status} after {Seconds:0.0} s, {CutOff} cut off")]
    private partial void LogEnded(string id, DrainJob what, DrainStatus status, double seconds, int cutOff);
}
