using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Simulation;

/// <summary>One entry of the kernel's connection table: which server it has, and how it counts there.</summary>
internal sealed class SimulatedConnection(SimulatedService service, Flow flow, DestinationState? server)
{
    private bool _isActive = server is not null && !flow.IsDatagrams;
    private bool _isOver = server is null;

    public SimulatedService Service => service;

    public Flow Flow => flow;

    public DestinationState? Server => server;

    public bool IsOver => _isOver;

    /// <summary>When the entry expires if nothing happens to it.</summary>
    public TimeSpan Deadline { get; set; }

    /// <summary>A FIN or RST was seen: no longer active, but still counted.</summary>
    public void Close()
    {
        if (_isActive)
        {
            server!.Deactivate();
            _isActive = false;
        }
    }

    /// <summary>The entry left the table.</summary>
    public void Expire()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        if (_isActive)
        {
            server!.Unbind();
        }
        else
        {
            server!.UnbindInactive();
        }
    }
}
