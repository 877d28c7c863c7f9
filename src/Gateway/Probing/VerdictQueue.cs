using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Tells the store what probes have come to: at once, and what comes while it is being told in one snapshot after
/// it.</summary>
/// <remarks>A snapshot costs what all destinations cost together. When the network to a thousand of them goes, or when
/// Gateway starts, a snapshot for each would be a million times one destination, and all threads would wait for it.</remarks>
internal sealed class VerdictQueue(ClusterStore store)
{
    private readonly ConcurrentQueue<ProbeWord> _words = new();
    private int _isTelling;

    /// <summary>Tells it now, or lets whoever is telling do it next.</summary>
    public void Tell(ProbeWord word)
    {
        _words.Enqueue(word);
        while (!_words.IsEmpty && Interlocked.Exchange(ref _isTelling, 1) == 0)
        {
            try
            {
                var words = new List<ProbeWord>();
                while (_words.TryDequeue(out var next))
                {
                    words.Add(next);
                }

                store.SetProbes(words);
            }
            finally
            {
                // A full fence, as a write with release is not: the look for words that follows must not be made before others
                // can see that nobody tells, or a word put in between waits for the next one.
                Interlocked.Exchange(ref _isTelling, 0);
            }
        }
    }
}
