using FsCheck.Xunit;
using Gateway.Clusters;
using Gateway.State;
using Gateway.Tests.Support;

namespace Gateway.Tests.Clusters;

/// <summary>Whatever happens in whatever order, restarts and reloads between, destinations stand as the model says.
/// </summary>
public class StandingProperties
{
    private static readonly string[] _ids = ["a", "b", "c"];

    [Property(MaxTest = 300)]
    public void Standing_AfterAnyCourseOfEvents_IsTheModels(byte[] events)
    {
        var course = new Course();
        for (var i = 0; i + 1 < events.Length; i += 2)
        {
            course.Play(events[i], events[i + 1]);
            course.Check();
        }
    }

    private sealed class Course
    {
        private readonly FakeTime _time = new();
        private readonly Dictionary<string, StandingModel> _models = _ids.ToDictionary(id => id, id => new StandingModel(Weight(id)));
        private readonly Dictionary<string, int> _ports = _ids.ToDictionary(id => id, _ => 80);
        private ClusterStore _store;

        public Course()
        {
            _store = new ClusterStore(_time);
            Apply();
        }

        private DateTimeOffset Now => _time.GetUtcNow();

        public void Play(byte what, byte detail)
        {
            var id = _ids[detail % 3];
            var model = _models[id];
            var destination = _store.Current.FindCluster("web")!.Find(id)!;
            var until = detail % 5 == 0 ? (DateTimeOffset?)null : Now.AddSeconds(detail % 7 + 1);
            switch (what % 10)
            {
                case 0:
                    model.ProbeIsUp = detail % 2 == 0;
                    _store.SetProbe(destination, model.ProbeIsUp.Value ? ProbeVerdict.Up : ProbeVerdict.Down, "x");
                    break;
                case 1:
                    model.EjectedUntil = Now.AddSeconds(detail % 7 + 1);
                    _store.SetPassive(destination, new PassiveWord("x", Now, model.EjectedUntil.Value));
                    break;
                case 2:
                    model.Agent = (AgentOrder)(detail % 4);
                    _store.SetAgent(destination, new AgentWord(model.Agent.Value, "x", Now));
                    break;
                case 3 or 4:
                    (model.Admin, model.AdminUntil) = ((AdminOrder)(detail % 4 % 3), until);
                    Assert.True(_store.SetAdmin("WEB", id, new AdminWord(model.Admin.Value, "anna", "", Now) { Until = until }));
                    break;
                case 5:
                    (model.Admin, model.AdminUntil) = (null, null);
                    _store.SetAdmin("web", id, null);
                    break;
                case 6:
                    (model.PersonsWeight, model.WeightUntil) = (detail % 4, until);
                    _store.SetWeight("web", id, new WeightWord(detail % 4, "anna", Now) { Until = until });
                    break;
                case 7:
                    _time.Advance(TimeSpan.FromSeconds(detail % 4));
                    break;
                case 8:
                    Restart();
                    break;
                default:
                    Reload(id, moves: detail % 2 == 0);
                    break;
            }

            foreach (var each in _models.Values)
            {
                each.Pass(Now);
            }
        }

        public void Check()
        {
            foreach (var id in _ids)
            {
                var destination = _store.Current.FindCluster("web")!.Find(id)!;
                Assert.Equal(_models[id].Expected(), destination.Judgement.Availability);
                Assert.Equal(_models[id].Admin, destination.Standing.Admin?.Order);
                var weight = _models[id].Expected() == Availability.InService ? _models[id].PersonsWeight ?? Weight(id) : 0;
                Assert.Equal(weight, destination.EffectiveWeight);
            }
        }

        // a is quiesced by its configuration.
        private static int Weight(string id) => id[0] - 'a';

        private void Restart()
        {
            var saved = new SavedState { Version = SavedState.CurrentVersion, Destinations = _store.Remember() }.ToJson();
            _store = new ClusterStore(_time);
            _store.Recall(SavedState.Parse(saved).Destinations);
            Apply();
        }

        private void Reload(string id, bool moves)
        {
            Apply(_ids.Where(other => other != id));
            if (moves)
            {
                _ports[id]++;
                _models[id].Move();
            }

            Apply();
        }

        private void Apply(IEnumerable<string>? ids = null) => _store.Apply(
            [
                new ClusterOptions
                {
                    Id = "web",
                    Probe = new ProbeOptions(),
                    Destinations = [.. (ids ?? _ids).Select(id => new DestinationOptions
                    {
                        Id = id,
                        Address = new Uri($"http://192.0.2.1:{_ports[id]}"),
                        Weight = Weight(id),
                    })],
                },
            ],
            []);
    }
}
