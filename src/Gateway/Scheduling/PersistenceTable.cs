using System.Runtime.InteropServices;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>One client and the destination it returns to.</summary>
internal readonly record struct PersistenceEntry(PersistenceKey Key, DestinationState Destination, TimeSpan Left);

/// <summary>The clients a cluster remembers and where they go: the counterpart of IPVS's templates. Belongs to the cluster
/// and outlives the lists of destinations. All members may be called from any thread.</summary>
/// <remarks>
/// <para>Rule: a client's timeout starts again with each of its flows. Beyond the limit the client that was away longest is
/// forgotten. As all have the same timeout, the list in order of use is also in order of expiry: expired ones are taken
/// from its end whenever the table is asked, and no timer is needed.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_core.c, <c>ip_vs_sched_persist</c>. There a template also stays while one of its
/// connections lives; here the time runs from the start of the last flow.</para>
/// </remarks>
internal sealed class PersistenceTable(TimeProvider time, PersistenceOptions options)
{
    private const int None = -1;

    private readonly Lock _gate = new();
    private readonly Dictionary<PersistenceKey, int> _byKey = [];
    private Node[] _nodes = new Node[16];
    private PersistenceOptions _options = options;
    private int _newest = None;
    private int _oldest = None;
    private int _free = None;
    private int _used;

    /// <summary>The limits in force. Setting them keeps what is remembered.</summary>
    public PersistenceOptions Options
    {
        get => Volatile.Read(ref _options);
        set => Volatile.Write(ref _options, value);
    }

    /// <summary>How many clients are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                ForgetExpiredNeedsLock();
                return _byKey.Count;
            }
        }
    }

    /// <summary>Where this client goes, or null when it is not remembered. Does not start its time again.</summary>
    public DestinationState? Find(PersistenceKey key)
    {
        lock (_gate)
        {
            ForgetExpiredNeedsLock();
            return _byKey.TryGetValue(key, out var index) ? _nodes[index].Destination : null;
        }
    }

    /// <summary>Remembers where this client went just now.</summary>
    public void Set(PersistenceKey key, DestinationState destination)
    {
        lock (_gate)
        {
            ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out var isKnown);
            if (isKnown)
            {
                UnlinkNeedsLock(index);
            }
            else
            {
                index = TakeNodeNeedsLock();
            }

            ref var node = ref _nodes[index];
            node.Key = key;
            node.Destination = destination;
            node.LastUse = time.GetTimestamp();
            LinkNewestNeedsLock(index);
            if (_byKey.Count > Options.MaxEntries)
            {
                ForgetNeedsLock(_oldest);
            }
        }
    }

    /// <summary>Forgets this client.</summary>
    public void Forget(PersistenceKey key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var index))
            {
                ForgetNeedsLock(index);
            }
        }
    }

    /// <summary>Everything remembered, the latest client first.</summary>
    public IReadOnlyList<PersistenceEntry> Entries()
    {
        lock (_gate)
        {
            ForgetExpiredNeedsLock();
            var entries = new List<PersistenceEntry>(_byKey.Count);
            for (var i = _newest; i != None; i = _nodes[i].Older)
            {
                var left = Options.Timeout - time.GetElapsedTime(_nodes[i].LastUse);
                entries.Add(new PersistenceEntry(_nodes[i].Key, _nodes[i].Destination!, left));
            }

            return entries;
        }
    }

    private void ForgetExpiredNeedsLock()
    {
        while (_oldest != None && time.GetElapsedTime(_nodes[_oldest].LastUse) >= Options.Timeout)
        {
            ForgetNeedsLock(_oldest);
        }
    }

    private void ForgetNeedsLock(int index)
    {
        UnlinkNeedsLock(index);
        _byKey.Remove(_nodes[index].Key);
        _nodes[index].Destination = null;
        _nodes[index].Older = _free;
        _free = index;
    }

    private int TakeNodeNeedsLock()
    {
        if (_free != None)
        {
            var index = _free;
            _free = _nodes[index].Older;
            return index;
        }

        if (_used == _nodes.Length)
        {
            Array.Resize(ref _nodes, _nodes.Length * 2);
        }

        return _used++;
    }

    private void LinkNewestNeedsLock(int index)
    {
        _nodes[index].Newer = None;
        _nodes[index].Older = _newest;
        if (_newest == None)
        {
            _oldest = index;
        }
        else
        {
            _nodes[_newest].Newer = index;
        }

        _newest = index;
    }

    private void UnlinkNeedsLock(int index)
    {
        var (older, newer) = (_nodes[index].Older, _nodes[index].Newer);
        if (older == None)
        {
            _oldest = newer;
        }
        else
        {
            _nodes[older].Newer = newer;
        }

        if (newer == None)
        {
            _newest = older;
        }
        else
        {
            _nodes[newer].Older = older;
        }
    }

    private struct Node
    {
        public PersistenceKey Key;
        public DestinationState? Destination;
        public long LastUse;
        public int Older;
        public int Newer;
    }
}
